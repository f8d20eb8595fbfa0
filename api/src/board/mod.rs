//! Where every source stands now, in memory.
