"""The dashboards, a file each; `board()` makes one."""
