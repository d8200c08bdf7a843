use super::*;

fn shown(source: Source, text: &str) -> Vec<String> {
    let listing = read(source, text.as_bytes());
    assert_eq!(listing.troubles, [], "{text}");
    let show = |it: &Package| {
        let versions = match &it.versions {
            Some(_) => it.written.clone(),
            None => "elsewhere".to_owned(),
        };
        let condition = it
            .condition
            .as_ref()
            .map_or(String::new(), |it| format!(" if {it}"));
        format!("{}:{} {versions}{condition}", it.line, it.name)
    };
    listing.packages.iter().map(show).collect()
}

const REQUIREMENTS: &str = "\u{feff}# a comment \\\nTorch==2.5.1+cu124 \\\n    --hash=sha256:00 \\\n    --hash=sha256:11 # why\n\
    Scikit_Learn[alldeps] >= 1.0, <2 ; python_version >= \"3.8\"\nold==1.0; python_version < '3'\n\
    mac==2; sys_platform == 'darwin'\nkeras === 3.8.0\nnumpy @ https://host/numpy-1.26.4-cp311-cp311-linux_x86_64.whl\n\
    -e git+https://host/x.git@main#egg=nemo_toolkit\n-r more.txt\n--constraint=limits.txt\n--index-url https://host/simple\nplain\n\
    conda-style=1.2=py37_0\n";

#[test]
fn requirements_are_read_as_pip_reads_them() {
    let expected = [
        "2:torch ==2.5.1+cu124",
        "5:scikit-learn >= 1.0, <2 if python_version >= \"3.8\"",
        "7:mac ==2 if sys_platform == 'darwin'",
        "8:keras === 3.8.0",
        "9:numpy ==1.26.4",
        "10:nemo-toolkit elsewhere",
        "14:plain ",
        "15:conda-style =1.2=py37_0",
    ];
    assert_eq!(shown(Source::Requirements, REQUIREMENTS), expected);
    let listing = read(Source::Requirements, REQUIREMENTS.as_bytes());
    let includes: Vec<&str> = listing.includes.iter().map(|it| it.path.as_str()).collect();
    assert_eq!(includes, ["more.txt", "limits.txt"]);
    let wide: Vec<u8> = [0xff, 0xfe]
        .into_iter()
        .chain("torch==2\n".encode_utf16().flat_map(u16::to_le_bytes))
        .collect();
    assert_eq!(read(Source::Requirements, &wide).packages[0].name, "torch");
    let broken = read(
        Source::Requirements,
        b"torch==2.5\n{{ name }}\nkeras >= two\n",
    );
    let lines: Vec<u64> = broken.troubles.iter().map(|it| it.line).collect();
    assert_eq!((lines, broken.packages.len()), (vec![2, 3], 1));
}

const UV: &str = "version = 1\nrequires-python = \">=3.12\"\n\n[[package]]\nname = \"torch\"\nversion = \"2.5.1\"\n\
    resolution-markers = [\"python_full_version < '3.10'\"]\n\n[[package]]\nname = \"torch\"\nversion = \"2.6.0\"\n\
    source = { registry = \"https://host\" }\n";

#[test]
fn locks_are_read() {
    // The fork for an older Python than the project allows is never installed.
    assert_eq!(shown(Source::Lock, UV), ["11:torch ==2.6.0"]);
    let pylock = "lock-version = '1.0'\n[[packages]]\nname = 'Keras'\nversion = '3.8.0'\nmarker = \"sys_platform == 'linux'\"\n";
    assert_eq!(
        shown(Source::Pylock, pylock),
        ["4:keras ==3.8.0 if sys_platform == 'linux'"]
    );
    let pipfile = "{\"default\": {\n\"torch\": {\"version\": \"==2.5.1\"},\n\"x\": {\"git\": \"https://host\"}}}";
    assert_eq!(
        shown(Source::Pipfile, pipfile),
        ["2:torch ==2.5.1", "3:x elsewhere"]
    );
    let metadata = "Metadata-Version: 2.1\nName: Torch\nVersion: 2.5.1\n\nName: no\n";
    assert_eq!(shown(Source::Installed, metadata), ["3:torch ==2.5.1"]);
}

#[test]
fn declarations_and_environments_are_read() {
    let pyproject = "[project]\nrequires-python = '>=3.9'\ndependencies = ['torch>=2', 'x==1; python_version < \"3.9\"']\n\
        [tool.poetry.dependencies]\npython = '^3.9'\nkeras = { version = '^3.0' }\nskops = '0.11.0'\n";
    assert_eq!(
        shown(Source::Pyproject, pyproject),
        ["3:torch >=2", "6:keras ^3.0", "7:skops ==0.11.0"]
    );
    let environment = "name: e\ndependencies:\n  - conda-forge::pytorch=2.5.1=py311_0\n  - numpy>=1.2\n  - pip\n  - pip:\n    - keras==3.8.0\n";
    assert_eq!(
        shown(Source::Environment, environment),
        [
            "3:torch ==2.5.1",
            "4:numpy >=1.2",
            "5:pip ",
            "7:keras ==3.8.0"
        ]
    );
    let pixi = "version: 6\npackages:\n- conda: https://host/linux-64/pytorch-2.5.1-cpu_0.conda\n- pypi: https://host/keras-3.8.0-py3-none-any.whl\n  name: keras\n  version: 3.8.0\n";
    assert_eq!(
        shown(Source::CondaLock, pixi),
        ["3:torch ==2.5.1", "4:keras ==3.8.0"]
    );
}

#[test]
fn files_are_told_by_name() {
    for (path, source) in [
        ("requirements-dev.txt", Some(Source::Requirements)),
        ("a/requirements/base.txt", Some(Source::Requirements)),
        ("x/pylock.prod.toml", Some(Source::Pylock)),
        ("v/torch-2.5.1.dist-info/METADATA", Some(Source::Installed)),
        ("METADATA", None),
        ("notes.txt", None),
    ] {
        assert_eq!(Source::of(path), source, "{path}");
    }
}

#[test]
fn every_truncation_is_read() {
    for (source, text) in [(Source::Requirements, REQUIREMENTS), (Source::Lock, UV)] {
        for cut in 0..text.len() {
            drop(read(source, &text.as_bytes()[..cut]));
        }
    }
}

const SETUP: &str = "[metadata]\nname = x\n\n[options]\npackages = find:\ninstall_requires =\n    torch==2.5.1 # why\n    # none\n    \
    numpy>=1.2; sys_platform == 'darwin'\npython_requires = >=3.8\n\n[options.extras_require]\ntest = keras==3.8.0\nall = file: more.txt\n";

#[test]
fn declarations_of_setuptools_and_pipenv_are_read() {
    let expected = [
        "7:torch ==2.5.1",
        "9:numpy >=1.2 if sys_platform == 'darwin'",
        "13:keras ==3.8.0",
    ];
    assert_eq!(shown(Source::SetupCfg, SETUP), expected);
    let listing = read(Source::SetupCfg, SETUP.as_bytes());
    assert_eq!(listing.includes[0].path, "more.txt");
    let pipfile = "[packages]\ntorch = \"==2.5.1\"\nnumpy = \"*\"\nkeras = {version = \"~=3.8\", extras = [\"x\"]}\n\
        [dev-packages]\nmine = {path = \".\"}\n[requires]\npython_version = \"3.11\"\n";
    let expected = [
        "2:torch ==2.5.1",
        "3:numpy *",
        "4:keras ~=3.8",
        "6:mine elsewhere",
    ];
    assert_eq!(shown(Source::PipfileDeclared, pipfile), expected);
    assert_eq!(Source::of("a/setup.cfg"), Some(Source::SetupCfg));
    assert_eq!(Source::of("Pipfile"), Some(Source::PipfileDeclared));
}
