//! Configurations of many loaders, with code of their own and without.

use tutela_formats::json;

use super::*;

fn worst(name: &str, text: &str) -> Option<Severity> {
    let around = Around {
        name,
        is_yaml: false,
        beside: Beside::new(name, &[]),
    };
    let remarks = judge(&json::parse(text.as_bytes()), &around);
    remarks.iter().map(|remark| remark.severity).max()
}

#[test]
fn the_lists_are_sorted() {
    assert!(LIBRARIES.is_sorted() && PIPELINES.is_sorted());
}

#[test]
fn loaders_that_run_code_are_found() {
    for (name, text) in [
        (
            "config.json",
            r#"{"auto_map": {"AutoModel": "modeling_x.X"}}"#,
        ),
        (
            "x.bin",
            r#"{"a": [{"auto_map": {"AutoTokenizer": ["a/b--tok.T", null]}}]}"#,
        ),
        ("config.json", r#"{"auto_map": "m.X"}"#),
        ("config.json", r#"{"auto_map": ["m.X", null]}"#),
        (
            "config.json",
            r#"{"auto_map": null, "auto_map": {"AutoConfig": "c.C"}}"#,
        ),
        (
            "config.json",
            r#"{"custom_pipelines": {"p": {"impl": "my_p.P", "pt": ["AutoModel"]}}}"#,
        ),
        ("config.json", r#"{"trust_remote_code": true}"#),
        ("config.json", r#"{"trust_remote_code": "True"}"#),
        (
            "model_index.json",
            r#"{"_class_name": "P", "unet": ["my_unet", "UNet"]}"#,
        ),
        (
            "m.json",
            r#"{"_class_name": ["my_pipeline", "MyPipeline"], "unet": ["diffusers", "U"]}"#,
        ),
        (
            "model_index.json",
            r#"{"_class_name": "StableDiffusionPipeline", "unet": ["os", "system"]}"#,
        ),
        (
            "modules.json",
            r#"[{"idx": 0, "name": "0", "path": "", "type": "custom_st.Transformer"}]"#,
        ),
        (
            "x.json",
            r#"{"_class_name": "P", "_diffusers_version": "0.3", "unet": ["my.inert", "UNet"]}"#,
        ),
        (
            "adapter_config.json",
            r#"{"auto_mapping": {"base_model_class": "X", "parent_library": "inert_module"}}"#,
        ),
        (
            "MLmodel",
            r#"{"flavors": {"python_function": {"loader_module": "my_loader"}}}"#,
        ),
    ] {
        assert!(worst(name, text) >= Some(Severity::High), "{text}");
    }
}

#[test]
fn files_and_repositories_under_keys_of_their_own_are_found() {
    for (name, text) in [
        (
            "config.json",
            r#"{"model_type": "llama", "model_file": "model.py"}"#,
        ),
        (
            "config.json",
            r#"{"text_config": {"_attn_implementation_internal": "someone/a-kernel"}}"#,
        ),
        (
            "config.json",
            r#"{"attn_implementation": "paged|someone/a-kernel@main:run"}"#,
        ),
    ] {
        assert!(worst(name, text) >= Some(Severity::High), "{text}");
    }
}

#[test]
fn ordinary_configurations_are_not() {
    for (name, text) in [
        (
            "config.json",
            r#"{"architectures": ["LlamaForCausalLM"], "model_type": "llama", "auto_map": {}}"#,
        ),
        (
            "config.json",
            r#"{"trust_remote_code": false, "custom_pipelines": {}, "auto_map": null}"#,
        ),
        (
            "config.json",
            r#"{"_class_name": "UNet2DConditionModel", "down_block_types": ["DownBlock2D", "X"]}"#,
        ),
        (
            "model_index.json",
            r#"{"_class_name": "StableDiffusionPipeline", "feature_extractor": ["transformers", "CLIPImageProcessor"],
                "safety_checker": ["stable_diffusion", "StableDiffusionSafetyChecker"], "image_encoder": [null, null],
                "unet": ["diffusers", "UNet2DConditionModel"]}"#,
        ),
        (
            "modules.json",
            r#"[{"idx": 0, "name": "0", "path": "", "type": "sentence_transformers.models.Transformer"}]"#,
        ),
        ("data.json", r#"[{"type": "my.event", "path": "x"}]"#),
        (
            "config.json",
            r#"{"model_file": "model.onnx", "_attn_implementation": "flash_attention_2", "x_implementation": "a / b"}"#,
        ),
        (
            "text.json",
            r#"{"description": "set auto_map and trust_remote_code=True to run it"}"#,
        ),
    ] {
        assert_eq!(worst(name, text), None, "{text}");
    }
}
