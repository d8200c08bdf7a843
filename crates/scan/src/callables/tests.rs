use super::Effect::{Calls, Code, Loads, Process, Programs, Pure, Reaches, Reads, Unknown, Writes};
use super::*;

#[test]
fn the_table_is_sorted() {
    for pair in TABLE.windows(2) {
        assert!(pair[0].0 < pair[1].0, "{} before {}", pair[0].0, pair[1].0);
    }
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
    // Its sources show that it calls what it is given; it was reviewed as making a tensor.
    let derived = database::look_up("torch._tensor", "_rebuild_from_type_v2");
    assert_eq!(
        derived,
        Answer::Known {
            called: Calls,
            made: Calls
        }
    );
    assert_eq!(effect("torch._tensor", "_rebuild_from_type_v2"), Pure);
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
    assert_eq!(effect("shapely.geometry", "load"), Reaches);
    assert_eq!(effect("sklearn.x", "Thing.method"), Reaches);
    assert_eq!(effect("pathlib", "Path.unlink"), Writes);
}
