"""Callables that hurt when a pickle calls them. Written from memory of Python and its packages, not from the
scanner's own tables: what a table does not know must be found by what it does not know.
"""

from . import opcodes as op
from .sample import Sample

FILE, FOLDER, URL = "/nonexistent/inert", "/nonexistent", "http://127.0.0.1:9/inert"
SH, PY = "echo inert", "print('inert')"

# kind of harm -> "module:name" and arguments
RUNS_COMMANDS = [
    ("os", "system", SH), ("posix", "system", SH), ("nt", "system", SH), ("os", "popen", SH),
    ("os", "execv", FILE, ["inert"]), ("os", "execlp", "echo", "echo", "inert"), ("os", "execvpe", "echo", ["echo"], {}),
    ("os", "spawnv", 0, FILE, ["inert"]), ("os", "spawnlp", 0, "echo", "echo"), ("os", "posix_spawn", FILE, ["x"], {}),
    ("os", "startfile", FILE), ("posix", "execve", FILE, ["x"], {}), ("posix", "fork"), ("os", "forkpty"),
    ("subprocess", "Popen", SH), ("subprocess", "run", ["echo", "inert"]), ("subprocess", "call", ["echo"]),
    ("subprocess", "check_call", ["echo"]), ("subprocess", "check_output", ["echo"]),
    ("subprocess", "getoutput", SH), ("subprocess", "getstatusoutput", SH),
    ("_posixsubprocess", "fork_exec", ["echo"]), ("pty", "spawn", ["echo", "inert"]), ("pty", "fork"),
    ("commands", "getoutput", SH), ("popen2", "popen3", SH), ("platform", "popen", SH),
    ("asyncio", "create_subprocess_shell", SH), ("asyncio.subprocess", "create_subprocess_exec", "echo"),
    ("asyncio.unix_events", "_UnixSubprocessTransport._start", None, SH),
    ("multiprocessing.util", "spawnv_passfds", FILE.encode(), [b"x"], []),
    ("distutils.spawn", "spawn", ["echo"]), ("setuptools._distutils.spawn", "spawn", ["echo"]),
    ("pydoc", "pipepager", "inert", SH), ("pydoc", "tempfilepager", "inert", SH), ("webbrowser", "open", URL),
    ("webbrowser", "GenericBrowser.open", None, URL), ("uuid", "_get_command_stdout", "echo", "inert"),
    ("_osx_support", "_read_output", SH), ("_aix_support", "_read_cmd_output", SH),
    ("ctypes.util", "_findLib_gcc", "inert"), ("test.support.script_helper", "assert_python_ok", "-c", PY),
    ("ensurepip", "_run_pip", ["inert"]), ("ensurepip", "bootstrap"), ("venv", "main", [FOLDER]), ("venv", "create", FOLDER),
    ("pip", "main", ["install", FILE]), ("pip._internal", "main", ["install", FILE]),
    ("pip._internal.cli.main", "main", ["install", FILE]), ("imaplib", "IMAP4_stream", SH),
    ("IPython.utils.process", "system", SH), ("IPython.utils._process_posix", "ProcessHandler.system", None, SH),
    ("pexpect", "run", SH), ("pexpect", "spawn", "echo"), ("sh", "Command", "echo"), ("invoke", "run", SH),
    ("fabric.api", "local", SH), ("plumbum", "local.get", "echo"), ("envoy", "run", SH), ("sarge", "run", SH),
    ("numpy.f2py.diagnose", "run_command", SH), ("numpy.distutils.exec_command", "exec_command", SH),
    ("torch.utils.collect_env", "run", SH), ("torch.utils.collect_env", "run_and_read_all", None, SH),
    ("git.cmd", "Git.execute", None, ["echo"]), ("git", "Repo.clone_from", URL, FOLDER), ("psutil", "Popen", ["echo"]),
    ("paramiko", "SSHClient.exec_command", None, SH), ("docker", "from_env"), ("virtualenv", "cli_run", [FOLDER]),
]
RUNS_PYTHON = [
    ("builtins", "eval", PY), ("builtins", "exec", PY), ("__builtin__", "eval", PY), ("__builtin__", "execfile", FILE),
    ("builtins", "compile", PY, "x", "exec"), ("builtins", "__import__", "inert"), ("builtins", "breakpoint"),
    ("runpy", "run_path", FILE), ("runpy", "run_module", "inert"), ("runpy", "_run_code", PY, {}),
    ("code", "interact"), ("code", "InteractiveInterpreter.runsource", None, PY), ("code", "InteractiveConsole.push", None, PY),
    ("codeop", "compile_command", PY), ("timeit", "timeit", PY), ("timeit", "repeat", PY), ("timeit", "main", ["-n1", PY]),
    ("timeit", "Timer", PY), ("cProfile", "run", PY), ("cProfile", "runctx", PY, {}, {}), ("profile", "run", PY),
    ("profile", "Profile.run", None, PY), ("pdb", "run", PY), ("pdb", "runeval", PY), ("pdb", "set_trace"),
    ("bdb", "Bdb.run", None, PY), ("trace", "Trace.run", None, PY), ("trace", "Trace.runctx", None, PY),
    ("doctest", "debug_script", PY), ("doctest", "run_docstring_examples", PY, {}), ("doctest", "testfile", FILE),
    ("idlelib.pyshell", "ModifiedInterpreter.runcode", None, None), ("idlelib.run", "Executive.runcode", None, None),
    ("idlelib.calltip", "get_entity", PY), ("idlelib.calltip", "Calltip.fetch_tip", None, PY),
    ("idlelib.autocomplete", "AutoComplete.get_entity", None, PY), ("idlelib.debugobj", "ObjectTreeItem.SetText", None, PY),
    ("lib2to3.pgen2.pgen", "ParserGenerator.make_label", None, None, PY), ("lib2to3.pgen2.grammar", "Grammar.loads", None, b"."),
    ("rlcompleter", "Completer.attr_matches", None, "x.y"), ("modulefinder", "ModuleFinder.run_script", None, FILE),
    ("typing", "ForwardRef._evaluate", None, {}, {}), ("typing", "get_type_hints", None), ("dataclasses", "_create_fn", "f", [], [PY]),
    ("collections", "namedtuple", "x", "y"), ("types", "FunctionType", None, {}), ("types", "CodeType", 0),
    ("marshal", "loads", b"N"), ("marshal", "load", None), ("new", "function", None), ("functools", "reduce", None, []),
    ("operator", "methodcaller", "system", SH), ("operator", "attrgetter", "system"), ("_operator", "call", None),
    ("unittest.mock", "_importer", "os.system"), ("unittest.main", "TestProgram", "inert"), ("site", "execsitecustomize"),
    ("site", "addsitedir", FOLDER), ("site", "main"), ("cmd", "Cmd.onecmd", None, SH), ("tkinter", "Tcl"), ("_tkinter", "create"),
    ("logging.config", "dictConfig", {}), ("logging.config", "fileConfig", FILE), ("logging.config", "_resolve", "os.system"),
    ("torch.jit.unsupported_tensor_ops", "execWrapper", PY, {}, {}), ("torch.utils.bottleneck.__main__", "run_cprofile", PY, {}),
    ("torch._dynamo.guards", "GuardBuilder.get", None, PY), ("torch.fx.experimental.symbolic_shapes", "ShapeEnv.evaluate_guards_expression", None, PY, []),
    ("torch.fx.graph_module", "_exec_with_source", PY, {}), ("torch.fx.graph_module", "_forward_from_src", PY, {}),
    ("torch.fx.graph_module", "reduce_graph_module", {}, PY), ("torch._inductor.codecache", "PyCodeCache.load", PY),
    ("torch.utils._config_module", "ConfigModule.load_config", None, b"."),
    ("numpy.testing._private.utils", "runstring", PY, {}), ("numpy.testing", "rundocs", FILE),
    ("numpy.f2py.crackfortran", "myeval", PY), ("numpy.f2py.crackfortran", "getlincoef", PY, {}),
    ("numpy.f2py.crackfortran", "_eval_length", PY, {}), ("numpy.core.records", "__builtins__.eval", PY),
    ("pandas", "eval", PY), ("pandas.core.computation.eval", "eval", PY), ("pandas", "DataFrame.query", None, PY),
    ("sympy", "sympify", PY), ("sympy.parsing.sympy_parser", "parse_expr", PY), ("sympy", "lambdify", [], PY),
    ("numexpr", "evaluate", PY), ("scipy.weave", "inline", PY), ("attr._make", "_compile_and_eval", PY, {}),
    ("IPython", "start_ipython", []), ("IPython.core.interactiveshell", "InteractiveShell.run_cell", None, PY),
    ("IPython.core.magic", "Magics"), ("jinja2", "Template", "{{ 1 }}"), ("mako.template", "Template", "x"),
    ("jinja2.environment", "Environment.from_string", None, "x"), ("Cython.Build.Inline", "cython_inline", PY),
    ("pytest", "main", [FOLDER]), ("nose", "run"), ("setuptools.sandbox", "run_setup", FILE, []), ("distutils.core", "run_setup", FILE),
    ("pkg_resources", "run_script", "x", FILE), ("fire", "Fire", None), ("hydra.utils", "instantiate", {"_target_": "os.system"}),
    ("hydra._internal.utils", "_locate", "os.system"), ("ast", "literal_eval.__globals__.get", "compile"),
    ("execnet", "makegateway"), ("ptpython.repl", "embed"), ("bpython", "embed"),
]
LOADS_CODE = [
    ("importlib", "import_module", "inert"), ("importlib", "__import__", "inert"), ("importlib.util", "spec_from_file_location", "x", FILE),
    ("importlib.machinery", "SourceFileLoader", "x", FILE), ("importlib._bootstrap_external", "SourceFileLoader.load_module", None),
    ("importlib.machinery", "ExtensionFileLoader", "x", FILE), ("imp", "load_source", "x", FILE), ("imp", "load_dynamic", "x", FILE),
    ("_imp", "create_dynamic", None), ("zipimport", "zipimporter", FILE), ("pkgutil", "resolve_name", "os:system"),
    ("pkgutil", "find_loader", "inert"), ("pydoc", "locate", "os.system"), ("pydoc", "safeimport", "inert"), ("pydoc", "importfile", FILE),
    ("ctypes", "CDLL", FILE), ("ctypes", "PyDLL", FILE), ("ctypes", "cdll.LoadLibrary", FILE), ("_ctypes", "dlopen", FILE, 0),
    ("ctypes", "WinDLL", FILE), ("cffi", "FFI.dlopen", None, FILE), ("llvmlite.binding", "load_library_permanently", FILE),
    ("numpy.ctypeslib", "load_library", "x", FOLDER), ("torch.ops", "load_library", FILE), ("torch", "ops.load_library", FILE),
    ("torch.classes", "load_library", FILE), ("tensorflow", "load_op_library", FILE), ("tensorflow", "load_library", FOLDER),
    ("tvm.runtime", "load_module", FILE), ("onnxruntime", "SessionOptions.register_custom_ops_library", None, FILE),
    ("torch.utils.cpp_extension", "load", "x", [FILE]), ("torch.utils.cpp_extension", "load_inline", "x", ["int x;"]),
    ("sqlite3", "Connection.load_extension", None, FILE), ("pickle", "loads", b"N."), ("_pickle", "loads", b"N."), ("cPickle", "loads", b"N."),
    ("pickle", "load", None), ("pickle", "Unpickler", None), ("pickle", "_Unpickler.load", None), ("dill", "loads", b"N."), ("dill._dill", "_create_function", None),
    ("dill", "load_module", FILE), ("cloudpickle", "loads", b"N."), ("cloudpickle.cloudpickle", "_make_function", None, {}), ("ray.cloudpickle", "loads", b"N."),
    ("jsonpickle", "decode", "{}"), ("jsonpickle.unpickler", "decode", "{}"), ("yaml", "unsafe_load", "!x"), ("yaml", "load", "!x", None), ("ruamel.yaml", "load", "!x"),
    ("shelve", "open", FILE), ("shelve", "DbfilenameShelf", FILE), ("multiprocessing.connection", "Client", ["127.0.0.1", 9]),
    ("multiprocessing.reduction", "ForkingPickler.loads", b"N."), ("joblib", "load", FILE), ("joblib.numpy_pickle", "load", FILE),
    ("sklearn.externals.joblib", "load", FILE), ("numpy", "load", FILE, None, True), ("numpy.lib.npyio", "load", FILE, None, True),
    ("numpy.lib._npyio_impl", "load", FILE, None, True),
    ("pandas", "read_pickle", URL), ("pandas.io.pickle", "read_pickle", URL), ("pandas.compat.pickle_compat", "load", None), ("pandas", "read_hdf", FILE),
    ("torch", "load", FILE), ("torch.serialization", "load", FILE), ("torch.serialization", "_legacy_load", None), ("torch.hub", "load", "inert/inert", "x"),
    ("torch.hub", "load_state_dict_from_url", URL), ("torch.jit", "load", FILE), ("torch.package", "PackageImporter", FILE), ("torch.export", "load", FILE),
    ("torch.storage", "_load_from_bytes", b"N."), ("torch.distributed.rpc.internal", "_InternalRPCPickler.deserialize", None, b"N.", []),
    ("torch.utils.data.datapipes.utils.decoder", "basichandlers", "pkl", b"N."), ("torch.multiprocessing.reductions", "rebuild_storage_filename", None),
    ("keras.models", "load_model", FILE), ("keras.saving", "load_model", FILE), ("tensorflow.keras.models", "load_model", FILE), ("tensorflow.saved_model", "load", FOLDER),
    ("keras.layers", "deserialize", {}), ("keras.src.saving.serialization_lib", "deserialize_keras_object", {}), ("keras.utils", "get_file", "x", URL),
    ("keras.src.utils.python_utils", "func_load", "4w=="), ("keras.config", "enable_unsafe_deserialization"),
    ("transformers", "AutoModel.from_pretrained", "inert/inert"), ("transformers", "pipeline", "text-generation", "inert/inert"),
    ("transformers.dynamic_module_utils", "get_class_from_dynamic_module", "x.y", "inert/inert"), ("diffusers", "DiffusionPipeline.from_pretrained", "inert/inert"),
    ("datasets", "load_dataset", "inert/inert"), ("huggingface_hub", "snapshot_download", "inert/inert"), ("huggingface_hub", "hf_hub_download", "x", "y"),
    ("spacy", "load", FOLDER), ("spacy.util", "load_model_from_path", FOLDER), ("spacy.cli", "download", "x"), ("gensim.utils", "unpickle", FILE), ("nltk", "download", "x"),
    ("nltk.data", "load", FILE), ("mlflow.pyfunc", "load_model", FOLDER), ("mlflow.sklearn", "load_model", FOLDER), ("skops.io", "load", FILE), ("statsmodels.iolib.smpickle", "load_pickle", FILE),
    ("catboost", "CatBoost.load_model", None, FILE), ("fairseq.checkpoint_utils", "load_checkpoint_to_cpu", FILE), ("paddle", "load", FILE), ("mmcv.runner", "load_checkpoint", None, URL),
    ("ultralytics", "YOLO", FILE), ("timm", "create_model", "x", True), ("dask", "compute", None), ("distributed.protocol.pickle", "loads", b"N."), ("celery.app.task", "Task.apply_async", None),
    ("tensorflow.python.framework.load_library", "load_op_library", FILE), ("lightning.pytorch", "LightningModule.load_from_checkpoint", FILE),
]
CHANGES_FILES = [
    ("builtins", "open", FILE, "w"), ("io", "open", FILE, "w"), ("io", "FileIO", FILE, "w"), ("_io", "open_code", FILE), ("_pyio", "open", FILE, "w"), ("codecs", "open", FILE, "w"),
    ("os", "remove", FILE), ("os", "unlink", FILE), ("os", "rename", FILE, FILE), ("os", "replace", FILE, FILE), ("os", "symlink", FILE, FILE), ("os", "link", FILE, FILE),
    ("os", "chmod", FILE, 511), ("os", "truncate", FILE, 0), ("os", "removedirs", FOLDER), ("os", "putenv", "INERT", "1"), ("os", "open", FILE, 1), ("posix", "unlink", FILE),
    ("os", "environ.__setitem__", "INERT", "1"), ("os", "kill", 0, 0), ("os", "killpg", 0, 0), ("os", "_exit", 0), ("os", "abort"), ("os", "chdir", FOLDER), ("os", "mkfifo", FILE),
    ("shutil", "rmtree", FOLDER), ("shutil", "move", FILE, FILE), ("shutil", "copyfile", FILE, FILE), ("shutil", "copytree", FOLDER, FOLDER), ("shutil", "unpack_archive", FILE, FOLDER),
    ("shutil", "make_archive", FILE, "zip"), ("pathlib", "Path.write_text", None, "inert"), ("pathlib", "PosixPath.write_bytes", None, b"inert"), ("pathlib", "Path.unlink", None),
    ("pathlib", "Path.rename", None, FILE), ("pathlib._local", "Path.touch", None), ("distutils.file_util", "write_file", FILE, ["inert"]), ("distutils.dir_util", "remove_tree", FOLDER),
    ("distutils.file_util", "copy_file", FILE, FILE), ("tarfile", "open", FILE), ("tarfile", "TarFile.extractall", None), ("zipfile", "ZipFile.extractall", None), ("zipapp", "create_archive", FOLDER),
    ("py_compile", "compile", FILE), ("compileall", "compile_dir", FOLDER), ("logging", "FileHandler", FILE), ("logging.handlers", "RotatingFileHandler", FILE), ("sqlite3", "connect", FILE),
    ("dbm", "open", FILE, "n"), ("dbm.dumb", "open", FILE, "n"), ("fileinput", "input", FILE, True), ("tempfile", "NamedTemporaryFile"), ("mailbox", "mbox", FILE), ("gzip", "open", FILE, "w"),
    ("numpy", "save", FILE, None), ("numpy", "ndarray.tofile", None, FILE), ("numpy", "savetxt", FILE, []), ("numpy", "memmap", FILE), ("numpy.lib.format", "open_memmap", FILE, "w+"),
    ("pandas", "DataFrame.to_pickle", None, FILE), ("pandas.io.common", "get_handle", FILE, "w"), ("joblib", "dump", [], FILE), ("torch", "save", [], FILE), ("torch", "from_file", FILE), ("pickle", "dump", None, None),
    ("tensorflow.io", "write_file", FILE, "x"), ("tensorflow.io.gfile", "rmtree", FOLDER), ("h5py", "File", FILE, "w"), ("fsspec", "open", URL), ("smart_open", "open", URL), ("setuptools.archive_util", "unpack_archive", FILE, FOLDER),
    ("torch.utils._zip", "main"), ("sys", "settrace", None), ("sys", "setprofile", None), ("sys", "path.insert", 0, FOLDER), ("sys", "modules.get", "os"), ("sys", "modules.pop", "os"), ("sys", "exit", 0), ("signal", "signal", 2, 0),
    ("signal", "raise_signal", 9), ("faulthandler", "_sigsegv"), ("atexit", "register", None), ("threading", "Thread", None), ("threading", "Timer", 0, None), ("_thread", "start_new_thread", None, ()), ("multiprocessing", "Process", None),
    ("concurrent.futures", "ThreadPoolExecutor"), ("weakref", "finalize", None, None), ("gc", "get_objects"), ("inspect", "currentframe"), ("sys", "_getframe", 0), ("builtins", "globals"), ("builtins", "vars"), ("builtins", "getattr", None, "x"),
    ("builtins", "setattr", None, "x", 1), ("builtins", "delattr", None, "x"), ("builtins", "input", "x"), ("crypt", "crypt", "x"), ("winreg", "SetValue", 0, "x", 1, "y"), ("_winapi", "CreateProcess", FILE), ("msvcrt", "getch"), ("readline", "read_init_file", FILE),
]
USES_NETWORK = [
    ("socket", "socket"), ("socket", "create_connection", ["127.0.0.1", 9]), ("_socket", "socket"), ("socket", "create_server", ["", 9]), ("socket", "getaddrinfo", "localhost", 9), ("socket", "gethostbyname", "localhost"),
    ("urllib.request", "urlopen", URL), ("urllib.request", "urlretrieve", URL, FILE), ("urllib", "urlopen", URL), ("urllib2", "urlopen", URL), ("urllib.request", "Request", URL), ("urllib.request", "build_opener"),
    ("http.client", "HTTPConnection", "127.0.0.1"), ("http.client", "HTTPSConnection.request", None, "GET", "/"), ("http.server", "test"), ("http.server", "HTTPServer", ["", 9], None), ("httplib", "HTTPConnection", "127.0.0.1"),
    ("ftplib", "FTP", "127.0.0.1"), ("smtplib", "SMTP", "127.0.0.1"), ("smtplib", "SMTP_SSL", "127.0.0.1"), ("telnetlib", "Telnet", "127.0.0.1"), ("poplib", "POP3", "127.0.0.1"), ("imaplib", "IMAP4", "127.0.0.1"), ("nntplib", "NNTP", "127.0.0.1"),
    ("xmlrpc.client", "ServerProxy", URL), ("xmlrpc.server", "SimpleXMLRPCServer", ["", 9]), ("socketserver", "TCPServer", ["", 9], None), ("ssl", "get_server_certificate", ["127.0.0.1", 9]), ("asyncio", "open_connection", "127.0.0.1", 9), ("asyncio", "start_server", None),
    ("wsgiref.simple_server", "make_server", "", 9, None), ("logging.handlers", "SocketHandler", "127.0.0.1", 9), ("logging.handlers", "HTTPHandler", "127.0.0.1", "/"), ("logging.config", "listen", 9), ("multiprocessing.managers", "BaseManager", ["", 9]),
    ("pip._vendor.requests", "get", URL), ("requests", "get", URL), ("requests", "post", URL), ("requests.api", "request", "GET", URL), ("requests", "Session.get", None, URL), ("httpx", "get", URL), ("aiohttp", "ClientSession"), ("urllib3", "PoolManager"), ("pycurl", "Curl"), ("wget", "download", URL),
    ("boto3", "client", "s3"), ("paramiko", "SSHClient"), ("paramiko", "Transport", ["127.0.0.1", 9]), ("zmq", "Context"), ("websocket", "create_connection", URL), ("websockets", "connect", URL), ("grpc", "insecure_channel", "127.0.0.1:9"), ("redis", "Redis"), ("pymongo", "MongoClient"), ("dns.resolver", "resolve", "localhost"), ("scapy.all", "send", None),
    ("torch.hub", "download_url_to_file", URL, FILE), ("torch.distributed", "init_process_group", "gloo"), ("torch.distributed.rpc", "init_rpc", "x"), ("torchvision.datasets.utils", "download_url", URL, FOLDER), ("sklearn.datasets", "fetch_openml", "x"), ("sklearn.datasets._base", "_fetch_remote", None), ("pandas", "read_csv", URL), ("pandas", "read_html", URL), ("numpy", "DataSource.open", None, URL), ("numpy.lib._datasource", "open", URL), ("gdown", "download", URL), ("ftputil", "FTPHost", "127.0.0.1"), ("xml.sax", "parse", URL), ("xml.dom.minidom", "parse", FILE), ("gradio", "Interface.launch", None), ("flask", "Flask.run", None), ("mlflow", "set_tracking_uri", URL), ("wandb", "init"), ("turtledemo.__main__", "main"),
]
SABOTAGES_SCANNERS = [
    ("fickling.hook", "remove_hook"), ("fickling.hook", "deactivate_safe_ml_environment"), ("fickling", "hook.remove_hook"), ("picklescan.scanner", "_unsafe_globals.clear"), ("modelscan.settings", "DEFAULT_SETTINGS.clear"),
    ("modelaudit.core", "scan_file.__code__.replace"), ("sys", "addaudithook", None), ("warnings", "simplefilter", "ignore"), ("logging", "disable", 50), ("torch.serialization", "add_safe_globals", []), ("torch.serialization", "_set_default_weights_only", False), ("os", "environ.pop", "X"), ("builtins", "exit"), ("unittest.mock", "patch", "picklescan.scanner.scan_pickle_bytes"), ("gc", "disable"), ("sys", "setrecursionlimit", 1), ("sys", "modules.__setitem__", "fickling", None), ("skops.io._trusted_types", "SCIPY_UFUNC_TYPE_NAMES.append", "os.system"),
]
FAMILIES = {
    "gadget-runs-commands": RUNS_COMMANDS, "gadget-runs-python": RUNS_PYTHON, "gadget-loads-code": LOADS_CODE,
    "gadget-changes-files": CHANGES_FILES, "gadget-uses-network": USES_NETWORK, "gadget-sabotages-scanners": SABOTAGES_SCANNERS,
}
# Harmless by themselves; in a model they are only ever a step on the way, so the recipes leave them out.
NOT_BY_ITSELF = {("collections", "namedtuple"), ("gc", "disable"), ("gc", "get_objects"), ("warnings", "simplefilter"), ("logging", "disable"),
                 ("sys", "setrecursionlimit"), ("urllib.request", "Request"), ("crypt", "crypt"), ("msvcrt", "getch"), ("tempfile", "NamedTemporaryFile"),
                 ("builtins", "getattr"), ("builtins", "vars"), ("functools", "reduce"), ("operator", "attrgetter"), ("operator", "methodcaller"), ("inspect", "currentframe"), ("h5py", "File")}


def samples():
    """One file a gadget; the protocol goes round, so that every way of importing is seen."""
    for technique, gadgets in FAMILIES.items():
        for index, (module, name, *arguments) in enumerate(gadgets):
            if (module, name) in NOT_BY_ITSELF:
                continue
            protocol = (4, 2, 0, 3, 5)[index % 5]
            data = op.pickle_call(module, name, arguments, protocol)
            file = f"{module}.{name}.p{protocol}.pkl".replace("_", "-")
            yield Sample(technique, file, "pickle", f"calls {module}.{name}", data)
