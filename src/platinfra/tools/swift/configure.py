"""Write the configuration of Swift's servers, and the rings that tell them of each other: one device, one copy."""

import argparse
import os
import pwd
import sys
from configparser import RawConfigParser
from pathlib import Path

from swift.common.ring import RingBuilder

Sections = dict[str, dict[str, str]]
STORES = ("account", "container", "object")
DEVICE = "disk"
FILTERS = {
    "catch_errors": {},
    "gatekeeper": {},
    "healthcheck": {},
    "cache": {"paste.filter_factory": "filters:cache"},
    "listing_formats": {},
    "s3api": {"location": "us-east-1", "s3_acl": "false", "dns_compliant_bucket_names": "false"},
    "logins": {"paste.filter_factory": "filters:logins"},
    "copy": {},
    "slo": {},
    "dlo": {},
    "versioned_writes": {"allow_object_versioning": "true"},
    "symlink": {},
}
"""Of the proxy, the outermost first, each with what it is told beside its name; `versioned_writes` needs `symlink`."""


def main(options: argparse.Namespace) -> str | None:
    """Write all files; return why the folder cannot hold objects."""
    os.umask(0o077)
    folder, objects = options.data / "etc", options.data / "objects"
    for each in (folder, objects / DEVICE, options.data / "logins"):
        each.mkdir(parents=True, exist_ok=True)
    if problem := refuses_attributes(objects / DEVICE):
        return problem
    hashes = os.environ["HASHES"]
    paths = {"swift_hash_path_suffix": hashes, "swift_hash_path_prefix": hashes}
    write(folder / "swift.conf", {"swift-hash": paths, "storage-policy:0": {"name": "default", "default": "yes"}})
    for each in STORES:
        write(folder / f"{each}.conf", store(each, getattr(options, each), folder, options.data))
        ring(folder / f"{each}.ring.gz", getattr(options, each))
    write(folder / "http.conf", proxy(options.http, folder, options.data / "logins"))
    return None


def refuses_attributes(folder: Path) -> str | None:
    """Return why Swift cannot keep what it knows of an object beside it."""
    from swift.obj.diskfile import xattr

    probe = folder / ".attributes"
    probe.touch()
    try:
        xattr.setxattr(str(probe), "user.swift.metadata", b"probe")
    except OSError as error:
        return f"the file system of {folder} keeps no extended attributes, which Swift needs: {error.strerror}"
    finally:
        probe.unlink()
    return None


def common(port: int, folder: Path) -> dict[str, str]:
    """Return what every server is told: one process on loopback, whose log goes where ours does and not to the system's."""
    return {
        "bind_ip": "127.0.0.1",
        "bind_port": str(port),
        "workers": "0",
        "swift_dir": str(folder),
        "user": pwd.getpwuid(os.geteuid()).pw_name,
        "log_address": os.devnull,
        "log_level": "WARNING",
    }


def store(kind: str, port: int, folder: Path, data: Path) -> Sections:
    """Return the configuration of a server that keeps something, and of the updater of objects."""
    own = {"devices": str(data / "objects"), "mount_check": "false"}
    return {
        "DEFAULT": {**common(port, folder), **own},
        "pipeline:main": {"pipeline": f"healthcheck {kind}-server"},
        f"app:{kind}-server": {"use": f"egg:swift#{kind}"},
        "filter:healthcheck": {"use": "egg:swift#healthcheck"},
        "object-updater": {"interval": "10", "concurrency": "1", "recon_cache_path": str(data)},
    }


def proxy(port: int, folder: Path, logins: Path) -> Sections:
    """Return the configuration of the server that clients know."""
    filters = {f"filter:{each}": {"use": f"egg:swift#{each}", **told} for each, told in FILTERS.items()}
    for each in ("cache", "logins"):  # ours, in filters.py
        del filters[f"filter:{each}"]["use"]
    filters["filter:logins"] |= {"folder": str(logins), "user_stack_code": f"{os.environ['LOGIN']} .admin"}
    return {
        "DEFAULT": common(port, folder),
        "pipeline:main": {"pipeline": " ".join([*FILTERS, "proxy-server"])},
        "app:proxy-server": {"use": "egg:swift#proxy", "account_autocreate": "true"},
        **filters,
    }


def ring(file: Path, port: int) -> None:
    """Say where a server is: all parts are on its one device."""
    builder = RingBuilder(part_power=6, replicas=1, min_part_hours=1)
    builder.add_dev({"id": 0, "region": 1, "zone": 1, "weight": 1, "ip": "127.0.0.1", "port": port, "device": DEVICE})
    builder.rebalance(seed="1")
    builder.get_ring().save(str(file))


def write(file: Path, sections: Sections) -> None:
    """Write a configuration at once."""
    parser = RawConfigParser(default_section="")
    parser.read_dict(sections)
    draft = file.with_suffix(".draft")
    with draft.open("w") as opened:
        parser.write(opened)
    draft.replace(file)


if __name__ == "__main__":
    made = argparse.ArgumentParser(description="Configure Swift.")
    made.add_argument("--data", type=Path, required=True)
    for each in ("http", *STORES):
        made.add_argument(f"--{each}", type=int, required=True)
    sys.exit(main(made.parse_args()))
