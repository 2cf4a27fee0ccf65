"""Rules of custody without any framework."""
