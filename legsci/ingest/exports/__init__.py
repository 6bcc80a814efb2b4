"""Tables that other systems export: how a study describes them, and what they measured."""
