mock_provider "aws" {
  mock_resource "aws_cloudwatch_log_group" {
    defaults = { arn = "arn:aws:logs:eu-central-1:123456789012:log-group:/platinfra/seed/flow-logs" }
  }
}

variables {
  name            = "seed"
  region          = "eu-central-1"
  zones           = ["eu-central-1a", "eu-central-1b", "eu-central-1c"]
  flow_log_bucket = "seed-flow-logs-123456789012"
}

run "zones_are_those_that_the_account_has" {
  command = plan

  variables {
    zones                = []
    zone_count           = 2
    unsupported_zone_ids = ["use1-az3"]
  }
  override_data {
    target = data.aws_availability_zones.this
    values = { names = ["eu-central-1c", "eu-central-1b", "eu-central-1d"] }
  }
  assert {
    condition     = keys(aws_subnet.private) == ["eu-central-1b", "eu-central-1c"]
    error_message = "The first ones of the account are taken."
  }
  assert {
    condition     = contains(data.aws_availability_zones.this[0].exclude_zone_ids, "use1-az3")
    error_message = "Zones without EKS are left out."
  }
}

run "each_zone_has_its_subnets_and_one_gateway_serves_all" {
  command = plan

  assert {
    condition     = [for zone in var.zones : aws_subnet.private[zone].cidr_block] == ["10.0.0.0/19", "10.0.32.0/19", "10.0.64.0/19"]
    error_message = "Private subnets fill the lower half."
  }
  assert {
    condition     = aws_subnet.public["eu-central-1a"].cidr_block == "10.0.128.0/21" && aws_subnet.database["eu-central-1a"].cidr_block == "10.0.160.0/21"
    error_message = "Public and database subnets lie in the upper half."
  }
  assert {
    condition     = keys(aws_nat_gateway.this) == ["eu-central-1a"] && length(aws_route.private) == 3
    error_message = "Every zone goes through the one gateway."
  }
  assert {
    condition     = alltrue([for subnet in aws_subnet.public : !subnet.map_public_ip_on_launch])
    error_message = "Nothing gets a public address by itself."
  }
  assert {
    condition     = aws_flow_log.s3[0].traffic_type == "ALL" && length(aws_flow_log.this) == 0 && output.endpoint_security_group_id == null
    error_message = "All traffic is logged, and there are no endpoints unasked."
  }
}

run "a_closed_network_has_endpoints_instead_of_gateways" {
  command = plan

  variables {
    cidr                = "10.9.4.0/22"
    nat                 = "none"
    flow_logs           = "none"
    flow_log_bucket     = null
    interface_endpoints = ["ecr.api", "ecr.dkr"]
    cluster_name        = "seed"
  }
  assert {
    condition     = length(aws_nat_gateway.this) + length(aws_route.private) + length(aws_flow_log.this) + length(aws_flow_log.s3) == 0
    error_message = "There is no way out."
  }
  assert {
    condition     = aws_vpc_endpoint.interface["ecr.api"].service_name == "com.amazonaws.eu-central-1.ecr.api"
    error_message = "The registry is reached inside."
  }
  assert {
    condition     = aws_subnet.private["eu-central-1b"].tags["karpenter.sh/discovery"] == "seed"
    error_message = "Karpenter finds its subnets by their tags."
  }
}

run "a_gateway_in_each_zone" {
  command = plan

  variables {
    nat = "per_zone"
  }
  assert {
    condition     = length(aws_nat_gateway.this) == 3
    error_message = "A zone that fails takes no other with it."
  }
}

run "wrong_values_are_refused" {
  command = plan

  variables {
    name                = "Seed"
    cidr                = "10.0.0.1/24"
    zones               = ["us-east-1a"]
    nat                 = "two"
    interface_endpoints = ["s3"]
    flow_log_bucket     = null
    log_days            = 2
  }
  expect_failures = [var.name, var.cidr, var.zones, var.nat, var.interface_endpoints, var.flow_log_bucket, var.log_days]
}

run "flow_logs_in_cloudwatch_have_no_bucket" {
  command = plan

  variables {
    flow_logs         = "cloudwatch"
    flow_log_bucket   = null
    flow_log_role_arn = "arn:aws:iam::123456789012:role/seed-network-logs"
  }
  assert {
    condition     = aws_flow_log.this[0].log_destination_type == "cloud-watch-logs" && length(aws_s3_bucket.flow_logs) == 0
    error_message = "Flow logs go to CloudWatch alone."
  }
}

run "a_network_that_wrote_to_cloudwatch_keeps_its_logs_until_they_expire" {
  command = plan

  assert {
    condition     = aws_cloudwatch_log_group.flow_logs[0].retention_in_days == 30
    error_message = "The group stays when logs go to S3."
  }
  assert {
    condition     = aws_s3_bucket_lifecycle_configuration.flow_logs[0].rule[0].expiration[0].days == 30
    error_message = "Logs in S3 expire too."
  }
}

run "flow_logs_in_cloudwatch_need_a_role" {
  command = plan

  variables {
    flow_logs = "cloudwatch"
  }
  expect_failures = [var.flow_log_role_arn]
}
