"""`registry check-config`: what serve would say of a configuration, without serving."""

from pathlib import Path

import pytest

from support.process import environment, run
from support.registry import OURS

GOOD = ["version: 0.1", "storage: {filesystem: {rootdirectory: /nonexistent}}"]
PROJECT_CONFIG = Path(__file__).resolve().parents[2] / "config/config.yml"


@pytest.fixture
def config(tmp_path: Path):
    """Writes a file with these lines behind the good ones."""

    def write(*lines: str) -> Path:
        file = tmp_path / "config.yml"
        file.write_text("\n".join([*GOOD, *lines]) + "\n")
        return file

    return write


def check(*arguments: object, **env: str):
    return run(OURS, "check-config", *arguments, env=environment(**env), check=False, timeout=20)


def test_a_good_configuration_is_called_so(config):
    file = config("http: {addr: ':5000'}")
    done = check(file)
    assert (done.returncode, done.stdout.decode(), done.stderr) == (0, f"{file}: ok\n", b"")


def test_the_configuration_in_the_project_is_good_in_the_strict_sense():
    assert check("--strict", PROJECT_CONFIG).returncode == 0


def test_each_warning_is_printed_and_counted(config):
    file = config("http: {adr: ':5000'}", "redis: {addr: 'localhost:6379'}")
    done = check(file)
    assert done.returncode == 0
    *warnings, result = done.stdout.decode().splitlines()
    assert len(warnings) == 2
    assert warnings[0].startswith(f"{file}:3: http.adr: this key is not known")
    assert warnings[1].startswith(f"{file}:4: redis: is not used")
    assert result == f"{file}: ok, 2 warnings"


def test_one_warning_is_one(config):
    file = config("unheard: of")
    assert check(file).stdout.decode().splitlines()[-1] == f"{file}: ok, 1 warning"


@pytest.mark.parametrize("arguments", [("--strict",), ()])
def test_warnings_are_failures_where_that_is_asked_for(config, arguments):
    done = check(*arguments, config("unheard: of"))
    assert done.returncode == len(arguments)
    assert b"unheard: this key is not known" in done.stdout


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("http: {addr: nowhere}", "http.addr: must be host:port"),
        ("auth: {htpasswd: {realm: r, path: /p}}", "auth.htpasswd: access control"),
        ("proxy: {remoteurl: 'https://registry-1.docker.io'}", "proxy.remoteurl: pull-through"),
        ("http: {addr: [", ""),
        ("http: \x04", "control character"),
    ],
)
def test_what_stops_the_start_is_said_as_serve_says_it(config, line, words):
    file = config(line)
    checked = check(file)
    served = run(OURS, "serve", file, env=environment(), check=False, timeout=20)
    assert checked.returncode == served.returncode == 1
    assert checked.stderr == served.stderr
    assert f"{file}:" in checked.stderr.decode()
    assert words in checked.stderr.decode()
    assert checked.stdout == b""


def test_the_environment_is_looked_at(config):
    file = config("http: {addr: ':5000'}")
    done = check(file, REGISTRY_HTTP_ADDR="nowhere")
    assert done.returncode == 1
    assert b"environment variable REGISTRY_HTTP_ADDR" in done.stderr
    done = check(file, REGISTRY_HTTP_ADR=":1")
    assert b"REGISTRY_HTTP_ADR" in done.stdout
    assert b"did you mean http.addr?" in done.stdout


def test_the_file_may_be_named_by_the_environment(config):
    file = config()
    assert check(REGISTRY_CONFIGURATION_PATH=str(file)).stdout.decode() == f"{file}: ok\n"
    done = check()
    assert done.returncode == 2
    assert b"REGISTRY_CONFIGURATION_PATH" in done.stderr


def test_files_that_it_names_need_not_be_there(config):
    assert check(config("http: {tls: {certificate: /absent.pem, key: /absent.key}}")).returncode == 0


def test_a_file_that_is_not_there_is_named(tmp_path):
    done = check(tmp_path / "absent.yml")
    assert done.returncode == 1
    assert str(tmp_path / "absent.yml") in done.stderr.decode()
