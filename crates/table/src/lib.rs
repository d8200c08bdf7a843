//! Data sets as Arrow batches: CSV, JSON Lines, Parquet.
