"""When two names mean the same thing: when their letters and digits are the same."""


def alias_key(name: str) -> str:
    """What is compared: lower-case letters a-z and digits, nothing else ("RTX 4070 Ti" -> "rtx4070ti")."""
    return "".join(c for c in name.lower() if c in "abcdefghijklmnopqrstuvwxyz0123456789")
