"""
Print a token for an EKS cluster, as kubeconfigs ask for it: `python eks_token.py CLUSTER REGION DOMAIN`.

The token is a signed question to AWS who the caller is, which the cluster asks; nothing is sent from here. It holds for
a quarter of an hour. Source: the specification of aws-iam-authenticator, "API Authorization from Outside a Cluster".
"""

import base64
import json
import sys

_SECONDS = 60
"""The longest that the signature may be in force; the cluster takes a token for longer."""


def token(cluster: str, region: str, domain: str) -> str:
    """Return a token of whoever the credentials belong to; raise ValueError when there are none."""
    import boto3
    from botocore.signers import RequestSigner

    session = boto3.Session(region_name=region)
    credentials = session.get_credentials()
    if credentials is None:
        raise ValueError("no AWS credentials found")
    client = session.client("sts")
    signer = RequestSigner(client.meta.service_model.service_id, region, "sts", "v4", credentials, session.events)
    address = f"https://sts.{region}.{domain}/?Action=GetCallerIdentity&Version=2011-06-15"
    asked = {"method": "GET", "url": address, "body": {}, "headers": {"x-k8s-aws-id": cluster}, "context": {}}
    url = signer.generate_presigned_url(asked, region_name=region, expires_in=_SECONDS, operation_name="")
    return f"k8s-aws-v1.{base64.urlsafe_b64encode(url.encode()).decode().rstrip('=')}"


def main(cluster: str, region: str, domain: str) -> None:
    """Print the token as client-go reads it; without an expiry it asks again each time."""
    status = {"token": token(cluster, region, domain)}
    print(json.dumps({"apiVersion": "client.authentication.k8s.io/v1", "kind": "ExecCredential", "status": status}))


if __name__ == "__main__":
    try:
        main(*sys.argv[1:])
    except ValueError as error:
        sys.exit(str(error))
