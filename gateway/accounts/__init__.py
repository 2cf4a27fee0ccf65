"""Who may enter: accounts, passwords, tokens, and what happens after wrong ones."""
