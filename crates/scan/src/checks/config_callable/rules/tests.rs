//! What a configuration calls, and what only looks like a call.

use tutela_formats::{json, yaml};

use super::*;

fn worst(text: &str) -> Option<Severity> {
    let document = if text.starts_with('{') {
        json::parse(text.as_bytes())
    } else {
        yaml::read_text(text)
    };
    assert_eq!(document.fault, None, "{text}");
    judge(&document).iter().map(|remark| remark.severity).max()
}

#[test]
fn calls_that_run_code_are_found() {
    assert!(LIBRARIES.is_sorted());
    for text in [
        "a: {_target_: os.system, _args_: [id]}",
        "a:\n  - _target_: builtins.exec\n",
        "a: {_target_: subprocess.Popen}",
        "a: {_target_: torch.load}",
        "a: {_target_: pickle.load}",
        "a: {_target_: torch.os.system}",
        "a: &x os.system\nb: {_target_: *x}",
        "a: {\"_t\\x61rget_\": \"os.system\"}",
        "a: {class_path: os.system}",
        "a: {_target_: nemo.utils.by_path, path: os.system}",
        "a: {_target_: pathlib.Path.write_text}",
        "a: {_target_: hydra.utils.get_method, path: os.system}",
        "a: {target: subprocess.check_output}",
        "{\"a\": [{\"_target_\": \"shutil.rmtree\"}]}",
        "{\"func\": \"os.system\"}",
        "{\"a\": \"__import__('os').system('id')\"}",
        "a: !!python/object/apply:os.system [id]",
        "a: !!python/object/new:subprocess.Popen [id]",
        "a: !!python/name:os.system ''",
        "a: !<tag:yaml.org,2002:python/object/apply:eval> ['1']",
        "!!python/object/apply:os.system [id]",
        "a: !!python/module:os ''",
        "a: !!javax.script.ScriptEngineManager [x]",
        "a: !apply:os.system [id]",
        "{\"py/object\": \"subprocess.Popen\", \"a\": 1}",
        "{\"a\": {\"py/reduce\": [{\"py/function\": \"os.system\"}, {\"py/tuple\": [\"id\"]}]}}",
        "{\"a\": {\"py/repr\": \"os/os.system('id')\"}}",
        "{\"a\": {\"init_fn\": \"os.system\", \"__reduce__\": [\"builtins.exec\", \"1\"]}}",
        "{\"setup\": \"bash -i >& /dev/tcp/127.0.0.1/1 0>&1\"}",
        "a: !new:subprocess.Popen\n  args: id",
    ] {
        assert!(worst(text) >= Some(Severity::High), "{text}");
    }
}

#[test]
fn ordinary_targets_are_not() {
    for text in [
        "model:\n  _target_: nemo.collections.asr.models.EncDecCTCModel\n  optim: {_target_: torch.optim.AdamW, lr: 1.0}",
        "a: {_target_: omegaconf.OmegaConf}\nb: {_target_: lightning.pytorch.loggers.WandbLogger}",
        "a: {_target_: hydra.utils.get_method, path: torch.nn.functional.relu}",
        "a: {_target_: transformers.AutoModel.from_pretrained, x: y}\nb: {target: ldm.models.Diffusion}",
        "a: !!python/tuple [1, 2]\nb: !!python/object/apply:collections.OrderedDict [[]]\nc: !!python/object:argparse.Namespace {x: 1}",
        "a: !!python/object/apply:pathlib.PosixPath [data]",
        "a: !new:speechbrain.nnet.Linear\n  n: 1\nb: !ref <x>\nc: !name:torch.nn.ReLU",
        "{\"name\": \"system\", \"command\": \"curl http://localhost/x | bash\", \"task_type\": \"CAUSAL_LM\"}",
        "{\"event_type\": \"code.run\", \"os_type\": \"os.linux\", \"target\": \"test.module\", \"class\": \"io.Reader\"}",
        "handlers: {file: {class: logging.handlers.RotatingFileHandler, mode: a}}",
        "{\"type\": \"function\", \"function\": \"eval\", \"mode\": \"exec\", \"target\": \"price\"}",
        "{\"text\": \"__import__('os').system('id')\", \"doc\": \"never call os.system(x)\"}",
        "{\"merges\": [\"ev al(\", \"exec (\", \"eval(\", \"os.system(\"]}",
    ] {
        assert_eq!(worst(text), None, "{text}");
    }
}

#[test]
fn unknown_targets_are_told() {
    assert_eq!(worst("a: {_target_: mine.Model}"), Some(Severity::Medium));
    assert_eq!(
        worst("a: !!python/object:__main__.Config {}"),
        Some(Severity::Medium)
    );
}
