"""Projects that a newcomer opens in one click, each with its datasheet and the script that builds it."""
