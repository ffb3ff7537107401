mock_provider "aws" {
  mock_resource "aws_acm_certificate" {
    defaults = {
      arn = "arn:aws:acm:eu-central-1:123456789012:certificate/00000000-0000-0000-0000-000000000000"
      domain_validation_options = [{
        domain_name           = "ml.example.org"
        resource_record_name  = "_1.ml.example.org."
        resource_record_type  = "CNAME"
        resource_record_value = "_2.acm-validations.aws."
      }]
    }
  }
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
    condition     = aws_acm_certificate.this.subject_alternative_names == toset(["*.ml.example.org"])
    error_message = "The level below is not covered."
  }
}

run "a_zone_that_exists_is_used" {
  variables {
    zone_id             = "ZEXISTING"
    wait_for_validation = true
  }
  assert {
    condition     = length(aws_route53_zone.this) == 0 && aws_route53_record.proof.zone_id == "ZEXISTING"
    error_message = "Another zone is used."
  }
  assert {
    condition     = length(aws_acm_certificate_validation.this) == 1
    error_message = "Nobody waits for the certificate."
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
