"""The tables that models read: a row per session and metric, and a row per athlete and week."""
