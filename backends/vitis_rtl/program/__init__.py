"""The program of the RTL's kernel: its records, made of commands, and their cycles (docs/rtl/program.md)."""
