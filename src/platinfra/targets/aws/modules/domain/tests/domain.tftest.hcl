mock_provider "aws" {
  mock_resource "aws_route53_zone" {
    defaults = { zone_id = "Z0123456789ABCDEFGHIJ", name_servers = ["ns-1.example.org"] }
  }
}

variables {
  name   = "demo"
  domain = "ml.example.org"
}

run "a_new_zone_has_to_be_delegated" {
  assert {
    condition     = output.zone_id == "Z0123456789ABCDEFGHIJ" && output.name_servers == tolist(["ns-1.example.org"])
    error_message = "The zone is not told."
  }
  assert {
    condition     = aws_route53_zone.this[0].force_destroy
    error_message = "Records of controllers would keep the zone."
  }
}

run "a_zone_that_exists_is_used" {
  variables {
    zone_id = "ZEXISTING"
  }
  assert {
    condition     = length(aws_route53_zone.this) == 0 && output.zone_id == "ZEXISTING" && length(output.name_servers) == 0
    error_message = "Another zone is used."
  }
}

run "wrong_values_are_refused" {
  command = plan
  variables {
    name    = "Demo"
    domain  = "ml"
    zone_id = "mine"
  }
  expect_failures = [var.name, var.domain, var.zone_id]
}
