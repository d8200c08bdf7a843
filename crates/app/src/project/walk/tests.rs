//! What a walk lists, leaves out, and cannot read.

use std::os::unix::fs::symlink;
use std::os::unix::net::UnixListener;

use super::*;

struct Tree(tempfile::TempDir);

impl Tree {
    fn of(files: &[&str]) -> Self {
        let tree = Self(tempfile::tempdir().unwrap());
        for file in files {
            let place = tree.at(file);
            fs::create_dir_all(place.parent().unwrap()).unwrap();
            fs::write(place, "").unwrap();
        }
        tree
    }

    fn at(&self, path: &str) -> PathBuf {
        self.0.path().join(path)
    }

    fn walk(&self, rules: &Rules) -> Listing {
        walk(self.0.path(), rules)
    }
}

fn paths(listing: &Listing) -> Vec<&str> {
    listing
        .files
        .iter()
        .map(|file| file.path.as_str())
        .collect()
}

fn unread(listing: &Listing) -> Vec<&str> {
    listing
        .unread
        .iter()
        .map(|unread| unread.path.as_str())
        .collect()
}

fn names(skipped: &[Skipped]) -> Vec<&str> {
    skipped
        .iter()
        .map(|skipped| skipped.what.as_str())
        .collect()
}

#[test]
fn nothing_that_a_folder_says_of_itself_leaves_it_out() {
    let files = [
        ".git/x.pkl",
        "cache/CACHEDIR.TAG",
        "cache/x.pkl",
        "env/pyvenv.cfg",
        "env/x.pkl",
        "node_modules/x.pkl",
    ];
    let listing = Tree::of(&files).walk(&Rules::default());
    assert_eq!(paths(&listing), files);
    assert!(listing.skipped.is_empty() && listing.unread.is_empty());
}

#[test]
fn what_is_declared_is_left_out_and_named() {
    let mut rules = Rules::default();
    rules.leave_out("**/env").unwrap();
    rules.leave_out("*.tmp").unwrap();
    let listing = Tree::of(&["a/env/x", "env/y", "a/z.tmp", "z.tmp"]).walk(&rules);
    assert_eq!(paths(&listing), ["a/z.tmp"]);
    assert_eq!(names(&listing.skipped), ["a/env", "env", "z.tmp"]);
}

#[test]
fn links_to_folders_below_are_named_and_loops_end() {
    let tree = Tree::of(&["a/b/x"]);
    symlink(tree.at("."), tree.at("a/b/loop")).unwrap();
    symlink(tree.at("a/b"), tree.at("c")).unwrap();
    for rules in [Rules::default(), Rules::default().follow(true)] {
        let listing = tree.walk(&rules);
        assert_eq!(paths(&listing), ["a/b/x"]);
        assert_eq!(names(&listing.links), ["a/b/loop", "c"]);
        assert!(listing.unread.is_empty());
    }
}

#[test]
fn links_to_files_are_read_where_they_stay_below() {
    let (tree, other) = (Tree::of(&["y"]), Tree::of(&["z", "folder/f"]));
    symlink(tree.at("y"), tree.at("inside")).unwrap();
    symlink(other.at("z"), tree.at("outside")).unwrap();
    symlink(other.at("folder"), tree.at("there")).unwrap();
    symlink("nowhere", tree.at("dangling")).unwrap();
    let listing = tree.walk(&Rules::default());
    assert_eq!(paths(&listing), ["inside", "y"]);
    assert_eq!(unread(&listing), ["dangling", "outside", "there"]);
    let listing = tree.walk(&Rules::default().follow(true));
    assert_eq!(paths(&listing), ["inside", "outside", "there/f", "y"]);
    assert_eq!(unread(&listing), ["dangling"]);
}

#[test]
fn a_link_to_a_folder_that_is_left_out_is_unread() {
    let tree = Tree::of(&["env/x"]);
    symlink(tree.at("env"), tree.at("models")).unwrap();
    let mut rules = Rules::default();
    rules.leave_out("env").unwrap();
    let listing = tree.walk(&rules);
    assert_eq!(unread(&listing), ["models"]);
}

#[test]
fn what_is_neither_file_nor_folder_is_unread() {
    let tree = Tree::of(&[]);
    let _socket = UnixListener::bind(tree.at("socket")).unwrap();
    assert_eq!(unread(&tree.walk(&Rules::default())), ["socket"]);
}

#[test]
fn the_state_folder_hides_only_what_this_program_keeps_there() {
    let tree = Tree::of(&[
        "tutela.toml",
        ".tutela/report.html",
        ".tutela/x.pkl",
        "models/.tutela/report.html",
    ]);
    let listing = tree.walk(&Rules::default());
    assert_eq!(
        paths(&listing),
        [".tutela/x.pkl", "models/.tutela/report.html", "tutela.toml"]
    );
    assert_eq!(names(&listing.skipped), [".tutela"]);
    fs::remove_file(tree.at("tutela.toml")).unwrap();
    assert_eq!(tree.walk(&Rules::default()).files.len(), 3);
}

#[test]
fn a_missing_folder_is_unread() {
    let tree = Tree::of(&[]);
    let listing = walk(&tree.at("missing"), &Rules::default());
    assert_eq!(unread(&listing), ["."]);
}

#[test]
fn names_that_are_not_text_are_escaped() {
    use std::os::unix::ffi::OsStrExt as _;
    let tree = Tree::of(&[]);
    fs::write(tree.at("").join(std::ffi::OsStr::from_bytes(b"a\xffb")), "").unwrap();
    assert_eq!(paths(&tree.walk(&Rules::default())), ["a\\xffb"]);
}
