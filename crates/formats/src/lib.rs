//! Parses hostile files into plain descriptions; judges nothing, executes nothing.
