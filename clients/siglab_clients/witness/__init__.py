"""A small witness (C2SP tlog-witness): an office runs it, and the laboratory cannot show that office another log."""
