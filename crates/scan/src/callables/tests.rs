use super::Effect::{Code, Loads, Process, Programs, Pure, Reaches, Reads, Unknown, Writes};
use super::*;

#[test]
fn the_table_is_sorted() {
    for pair in TABLE.windows(2) {
        assert!(pair[0].0 < pair[1].0, "{} before {}", pair[0].0, pair[1].0);
    }
}

/// What the database and the other reviewed entries say of a reviewed name; none where they know nothing of it.
fn without(module: &str, name: &str) -> Option<(Effect, Effect)> {
    let (around, _) = longest(module);
    if around.severity() >= Some(Severity::High) {
        return Some((around, around));
    }
    match database::look_up(module, name) {
        Answer::Known { called, made } => Some((called, made)),
        _ => None,
    }
}

#[test]
fn a_reviewed_name_says_what_nothing_else_does() {
    let severities = |(called, made): (Effect, Effect)| (called.severity(), made.severity());
    let idle: Vec<&str> = TABLE
        .iter()
        .filter(|(path, effect)| {
            let named = path.rsplit_once('.');
            named
                .and_then(|(module, name)| without(module, name))
                .is_some_and(|known| severities(known) == severities((*effect, *effect)))
        })
        .map(|(path, _)| *path)
        .collect();
    assert!(idle.is_empty(), "{idle:?}");
}

#[test]
fn the_longest_reviewed_entry_decides() {
    assert_eq!(effect("os", "system"), Programs);
    assert_eq!(effect("posix", "anything"), Programs);
    assert_eq!(effect("builtins", "list"), Pure);
    assert_eq!(effect("__builtin__", "eval"), Code);
    assert_eq!(effect("torch._utils", "_rebuild_tensor_v2"), Pure);
    assert_eq!(effect("torch.hub", "load"), Loads);
    // A class of the program in a TorchScript archive.
    assert_eq!(
        effect("__torch__.___torch_mangle_3", "Net").severity(),
        None
    );
    assert_eq!(effect("osmium", "system"), Unknown);
    assert_eq!(effect("mine", "Net"), Unknown);
}

#[test]
fn a_reviewed_name_wins_over_a_derived_one() {
    // Its sources show that it evaluates a text; it was reviewed as making a number of what ordinary files give it.
    let derived = database::look_up("sympy.core.numbers", "Integer");
    assert_eq!(
        derived,
        Answer::Known {
            called: Code,
            made: Code
        }
    );
    assert_eq!(effect("sympy.core.numbers", "Integer"), Pure);
    // The whole package is a tool that runs code, whatever one of its classes does.
    assert_eq!(effect("pip._internal.models.link", "Link"), Code);
}

#[test]
fn a_derived_name_wins_over_its_library() {
    assert_eq!(
        effect("sklearn.ensemble._forest", "RandomForestClassifier"),
        Pure
    );
    assert_eq!(effect("sklearn.ensemble._forest", "Evil"), Unknown);
}

#[test]
fn making_is_told_apart_from_calling() {
    assert_eq!(effect("xgboost.sklearn", "XGBClassifier"), Pure);
    assert_eq!(effect("gensim.models.word2vec", "PathLineSentences"), Reads);
    assert_eq!(
        effect_when_made("gensim.models.word2vec", "PathLineSentences"),
        Pure
    );
}

#[test]
fn dotted_and_telling_names_are_not_covered_by_their_library() {
    assert_eq!(effect("torch._dynamo.guards", "GuardBuilder.get"), Code);
    assert_eq!(effect("collections", "_sys.modules.get"), Process);
    assert_eq!(effect("sklearn.utils", "os.system"), Programs);
    assert_eq!(effect("__torch__.program", "load"), Reaches);
    assert_eq!(effect("sklearn.x", "Thing.method"), Reaches);
    assert_eq!(effect("pathlib", "Path.unlink"), Writes);
}
