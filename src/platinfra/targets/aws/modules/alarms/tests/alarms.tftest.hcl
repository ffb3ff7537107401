mock_provider "aws" {
  mock_resource "aws_sns_topic" {
    defaults = { arn = "arn:aws:sns:eu-central-1:123456789012:demo" }
  }
  mock_resource "aws_cloudwatch_metric_alarm" {
    defaults = { arn = "arn:aws:cloudwatch:eu-central-1:123456789012:alarm:demo" }
  }
}

variables {
  name       = "demo"
  region     = "eu-central-1"
  account_id = "123456789012"
  key_arn    = "arn:aws:kms:eu-central-1:123456789012:key/00000000-0000-0000-0000-000000000000"
}

run "nothing_to_watch" {
  assert {
    condition     = one(jsondecode(aws_cloudwatch_dashboard.this.dashboard_body).widgets).type == "text"
    error_message = "The dashboard is not empty."
  }
  assert {
    condition     = length(aws_sns_topic_subscription.email) == 0
    error_message = "Somebody is written to."
  }
}

run "alarms_tell_the_topic" {
  variables {
    email = "oncall@example.org"
    alarms = {
      cpu = {
        namespace   = "AWS/RDS"
        metric      = "CPUUtilization"
        dimensions  = { DBInstanceIdentifier = "demo-rds" }
        threshold   = 80
        description = "Busy."
      }
    }
    failure_events = { jobs = "{\"source\": [\"aws.batch\"]}" }
  }
  assert {
    condition     = aws_cloudwatch_metric_alarm.this["cpu"].alarm_actions == toset([aws_sns_topic.this.arn])
    error_message = "The alarm tells nobody."
  }
  assert {
    condition = alltrue([
      one(aws_sns_topic_subscription.email).topic_arn == aws_sns_topic.this.arn,
      one(aws_sns_topic_subscription.email).protocol == "email",
      one(aws_sns_topic_subscription.email).endpoint == "oncall@example.org",
    ])
    error_message = "Nobody hears of the topic."
  }
  assert {
    condition     = aws_sns_topic.this.kms_master_key_id == var.key_arn
    error_message = "Messages are not encrypted with the key."
  }
  assert {
    condition     = jsondecode(aws_cloudwatch_dashboard.this.dashboard_body).widgets[1].properties.annotations.alarms == [aws_cloudwatch_metric_alarm.this["cpu"].arn]
    error_message = "The dashboard shows something else."
  }
  assert {
    condition     = aws_cloudwatch_event_target.this["jobs"].arn == aws_sns_topic.this.arn
    error_message = "Failures tell nobody."
  }
}

run "wrong_values_are_refused" {
  command = plan
  variables {
    name           = "Demo"
    account_id     = "1"
    email          = "nobody"
    dashboard      = "{}"
    failure_events = { jobs = "failed" }
    alarms = {
      cpu = { namespace = "AWS/RDS", metric = "CPUUtilization", comparison = "Above", period = 90, threshold = 80, description = "Busy." }
    }
  }
  expect_failures = [var.name, var.account_id, var.email, var.dashboard, var.failure_events, var.alarms]
}
