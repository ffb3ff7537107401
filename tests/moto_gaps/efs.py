"""EFS: the policy of a file system can be taken away, for which Terraform waits."""

from typing import Any

from moto.efs.responses import EFSResponse


def delete_file_system_policy(self: EFSResponse) -> tuple[str, dict[str, Any]]:
    """Forget the policy of a file system."""
    self.efs_backend.file_systems_by_id[self._get_param("FileSystemId")].file_system_policy = None
    return "{}", {"status": 204, "Content-Type": "application/json"}


EFSResponse.delete_file_system_policy = delete_file_system_policy
