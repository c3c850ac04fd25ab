# What has to hold between resources, with a cloud that is made up: terraform test.

mock_provider "aws" {
  mock_data "aws_iam_policy_document" {
    defaults = {
      json = "{}"
    }
  }

  mock_resource "aws_iam_instance_profile" {
    defaults = {
      arn = "arn:aws:iam::123456789012:instance-profile/kinemotion"
    }
  }

  mock_resource "aws_lb_target_group" {
    defaults = {
      arn = "arn:aws:elasticloadbalancing:eu-central-1:123456789012:targetgroup/kinemotion/1"
    }
  }

  mock_resource "aws_lb" {
    defaults = {
      arn = "arn:aws:elasticloadbalancing:eu-central-1:123456789012:loadbalancer/app/kinemotion/1"
    }
  }

  mock_resource "aws_lb_listener" {
    defaults = {
      arn = "arn:aws:elasticloadbalancing:eu-central-1:123456789012:listener/app/kinemotion/1/2"
    }
  }

  mock_resource "aws_kms_key" {
    defaults = {
      arn = "arn:aws:kms:eu-central-1:123456789012:key/1"
    }
  }

  mock_resource "aws_launch_template" {
    defaults = {
      id             = "lt-0123456789abcdef0"
      latest_version = 1
    }
  }
}

variables {
  image             = "registry.example/kinemotion@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
  certificate_arn   = "arn:aws:acm:eu-central-1:123456789012:certificate/1"
  stun              = "stun://stun.example:3478"
  database_password = "onlyForThisTest1234"
  redis_password    = "onlyForThisTest1234"
  session_secret    = "only-for-this-test-only-for-this-test"
  operator_token    = "only-for-this-test-only-for"
}

run "everything_fits" {
  command = apply

  assert {
    condition     = alltrue([for rule in aws_vpc_security_group_ingress_rule.media : rule.from_port == 40000 && rule.to_port == 40999])
    error_message = "the security group opens other ports than those of media"
  }

  assert {
    condition     = strcontains(base64decode(aws_launch_template.machine.user_data), "net.ipv4.ip_local_port_range = 40000 40999")
    error_message = "machines take other ports for media than the security group opens"
  }

  assert {
    condition     = alltrue([for rule in aws_vpc_security_group_ingress_rule.balancer : contains([8080, 8081], rule.from_port)])
    error_message = "the load balancer reaches other ports than those of the daemon"
  }

  assert {
    condition     = aws_lb_target_group.places.health_check[0].path == "/readyz" && aws_lb_target_group.any.health_check[0].path == "/livez"
    error_message = "the load balancer asks the wrong question"
  }

  assert {
    condition     = alltrue([for group in [aws_lb_target_group.places, aws_lb_target_group.any] : group.health_check[0].port == "8081"])
    error_message = "probes are answered by the admin listener"
  }

  assert {
    condition     = one(aws_autoscaling_group.machine.initial_lifecycle_hook).heartbeat_timeout == var.drain_s
    error_message = "machines are taken away before their analyses are over"
  }

  assert {
    condition     = alltrue([for key in keys(jsondecode(aws_secretsmanager_secret_version.this.secret_string)) : startswith(key, "KINEMOTION_SERVE__")])
    error_message = "the secret has what is no setting"
  }

  assert {
    condition     = !strcontains(base64decode(aws_launch_template.machine.user_data), "onlyForThisTest")
    error_message = "a password is in the user data, which whoever may look at machines can read"
  }

  assert {
    condition     = aws_db_instance.this.storage_encrypted && aws_efs_file_system.this.encrypted && aws_elasticache_replication_group.this.transit_encryption_enabled
    error_message = "something is stored or sent as it is"
  }
}

run "an_image_without_a_digest_is_refused" {
  command = plan

  variables {
    image = "registry.example/kinemotion:latest"
  }

  expect_failures = [var.image]
}

run "one_machine_is_refused" {
  command = plan

  variables {
    machines = {
      least = 1
      most  = 1
    }
  }

  expect_failures = [var.machines]
}

run "a_short_secret_is_refused" {
  command = plan

  variables {
    session_secret = "hush"
  }

  expect_failures = [var.session_secret]
}
