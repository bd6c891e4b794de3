"""SQL that only reads, straight to what is answered."""
