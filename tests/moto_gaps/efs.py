"""EFS: the policy of a file system can be removed."""

from moto.core.responses import TYPE_RESPONSE
from moto.efs.responses import EFSResponse


def delete_file_system_policy(self: EFSResponse) -> TYPE_RESPONSE:
    """Forget the policy of a file system."""
    self.efs_backend.file_systems_by_id[self._get_param("FileSystemId")].file_system_policy = None
    return "{}", {"Content-Type": "application/json"}


EFSResponse.delete_file_system_policy = delete_file_system_policy
