//! What must hold between the table and the workspace, and inside the table itself.

use super::Table;
use super::table::covers;
use super::workspace::{Crate, Workspace};

/// A rule that is broken.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Fault {
    #[error("`{name}` is not in the table; give it a storey and one job")]
    Unlisted { name: String },
    #[error("the table names `{name}`, which is not in the workspace")]
    Gone { name: String },
    #[error("`{from}` uses `{to}`, which the table does not allow")]
    Arrow { from: String, to: String },
    #[error("the table lets `{from}` use `{to}`, which is not on a lower storey")]
    NotDown { from: String, to: String },
    #[error("the table lets `{from}` use `{to}` sideways, but they are not on the same storey")]
    NotSideways { from: String, to: String },
    #[error("the table lets `{from}` use the tool `{to}`")]
    Tool { from: String, to: String },
    #[error("`{name}` uses `{library}`, which only `{owner}` may use")]
    Heavy {
        name: String,
        library: String,
        owner: String,
    },
    #[error("both `{first}` and `{second}` own `{library}`")]
    TwoOwners {
        library: String,
        first: String,
        second: String,
    },
    #[error("`{name}` has {found} lines, at most {most} are allowed")]
    Lines {
        name: String,
        found: usize,
        most: usize,
    },
    #[error("Cargo.lock holds `{name}`, which is forbidden")]
    Forbidden { name: String },
    #[error("Cargo.lock holds {found} packages, at most {most} are allowed")]
    Packages { found: usize, most: usize },
}

/// Every rule that is broken.
pub(crate) fn faults(table: &Table, workspace: &Workspace) -> Vec<Fault> {
    let mut faults = faults_of_table(table);
    faults.extend(gone(table, workspace));
    for member in &workspace.crates {
        faults.extend(faults_of_crate(table, workspace, member));
    }
    faults.extend(faults_of_lock(table, workspace));
    faults
}

fn faults_of_lock(table: &Table, workspace: &Workspace) -> Vec<Fault> {
    let forbidden = table
        .forbidden
        .iter()
        .filter(|name| workspace.packages.contains(name));
    let mut faults: Vec<Fault> = forbidden
        .map(|name| Fault::Forbidden { name: name.clone() })
        .collect();
    if workspace.packages.len() > table.packages {
        faults.push(Fault::Packages {
            found: workspace.packages.len(),
            most: table.packages,
        });
    }
    faults
}

fn gone(table: &Table, workspace: &Workspace) -> Vec<Fault> {
    let is_there = |name: &str| workspace.crates.iter().any(|member| member.name == name);
    table
        .crates
        .keys()
        .chain(table.tool.keys())
        .filter(|name| !is_there(name))
        .map(|name| Fault::Gone { name: name.clone() })
        .collect()
}

fn faults_of_crate(table: &Table, workspace: &Workspace, member: &Crate) -> Vec<Fault> {
    if !table.names(&member.name) {
        return vec![Fault::Unlisted {
            name: member.name.clone(),
        }];
    }
    let is_ours = |name: &str| workspace.crates.iter().any(|other| other.name == name);
    let mut faults = Vec::new();
    for used in &member.uses {
        if is_ours(used) {
            if !table.allows(&member.name, used) {
                faults.push(Fault::Arrow {
                    from: member.name.clone(),
                    to: used.clone(),
                });
            }
        } else if let Some(owner) = table.owner(used)
            && owner != member.name
            && !table.lends(&member.name, used)
        {
            faults.push(Fault::Heavy {
                name: member.name.clone(),
                library: used.clone(),
                owner: owner.to_owned(),
            });
        }
    }
    let most = table
        .crates
        .get(&member.name)
        .and_then(|house| house.lines)
        .unwrap_or(usize::MAX);
    if member.lines > most {
        faults.push(Fault::Lines {
            name: member.name.clone(),
            found: member.lines,
            most,
        });
    }
    faults
}

/// The table itself must describe a house: arrows down, one owner for each library, no tool inside.
fn faults_of_table(table: &Table) -> Vec<Fault> {
    let mut faults = Vec::new();
    for (from, house) in &table.crates {
        for to in &house.may_use {
            match table.crates.get(to) {
                Some(other) if other.storey < house.storey => {}
                Some(_) => faults.push(Fault::NotDown {
                    from: from.clone(),
                    to: to.clone(),
                }),
                None => faults.push(unknown(table, from, to)),
            }
        }
        for to in &house.sideways {
            match table.crates.get(to) {
                Some(other) if other.storey == house.storey => {}
                Some(_) => faults.push(Fault::NotSideways {
                    from: from.clone(),
                    to: to.clone(),
                }),
                None => faults.push(unknown(table, from, to)),
            }
        }
        faults.extend(two_owners(table, from, &house.owns));
    }
    faults
}

fn unknown(table: &Table, from: &str, to: &str) -> Fault {
    if table.tool.contains_key(to) {
        Fault::Tool {
            from: from.to_owned(),
            to: to.to_owned(),
        }
    } else {
        Fault::Gone {
            name: to.to_owned(),
        }
    }
}

fn two_owners(table: &Table, first: &str, owns: &[String]) -> Vec<Fault> {
    let others = || {
        table
            .crates
            .iter()
            .filter(|(name, _)| name.as_str() > first)
    };
    owns.iter()
        .flat_map(|library| {
            others()
                .filter(|(_, house)| {
                    house
                        .owns
                        .iter()
                        .any(|other| covers(other, library) || covers(library, other))
                })
                .map(|(second, _)| Fault::TwoOwners {
                    library: library.clone(),
                    first: first.to_owned(),
                    second: second.clone(),
                })
        })
        .collect()
}

#[cfg(test)]
mod tests;
