mock_provider "aws" {}

variables {
  name       = "demo"
  role_arn   = "arn:aws:iam::123456789012:role/demo"
  vpc_id     = "vpc-1"
  subnet_ids = ["subnet-1", "subnet-2"]
  key_arn    = "arn:aws:kms:eu-central-1:123456789012:key/00000000-0000-0000-0000-000000000000"
}

run "registry_alone" {
  assert {
    condition     = output.endpoint_name == null && length(aws_sagemaker_model.this) == 0
    error_message = "There is an endpoint."
  }
}

run "an_empty_image_is_no_endpoint" {
  variables {
    endpoint = { image = "", model_data_url = "s3://bucket/demo/model.tar.gz" }
  }
  assert {
    condition     = output.endpoint_name == null
    error_message = "There is an endpoint."
  }
}

run "endpoint_is_isolated_and_encrypted" {
  variables {
    endpoint = { image = "123456789012.dkr.ecr.eu-central-1.amazonaws.com/demo:1", model_data_url = "s3://bucket/demo/model.tar.gz" }
  }
  assert {
    condition     = aws_sagemaker_model.this[0].enable_network_isolation
    error_message = "The model can call out."
  }
  assert {
    condition     = aws_sagemaker_endpoint_configuration.this[0].kms_key_arn == var.key_arn
    error_message = "The disks are not encrypted with the key."
  }
}

run "machines_with_own_disks_take_no_key" {
  variables {
    endpoint = {
      image          = "123456789012.dkr.ecr.eu-central-1.amazonaws.com/demo:1"
      model_data_url = "s3://bucket/demo/model.tar.gz"
      instance_type  = "ml.g5.xlarge"
    }
  }
  assert {
    condition     = aws_sagemaker_endpoint_configuration.this[0].kms_key_arn == null
    error_message = "SageMaker would refuse the key."
  }
}

run "wrong_values_are_refused" {
  command = plan
  variables {
    name       = "Demo"
    subnet_ids = []
    endpoint   = { image = "x", model_data_url = "https://example.org", instance_type = "m5.large", instances = 0 }
  }
  expect_failures = [var.name, var.subnet_ids, var.endpoint]
}
