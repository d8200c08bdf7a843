//! Tests of the program's parts through their public doors.

mod report;
