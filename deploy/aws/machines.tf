# The machines: one daemon each, in a container that has the machine's own network.

locals {
  ports = { http = 8080, admin = 8081 }
  # User of the image.
  user = 10001
}

data "aws_ssm_parameter" "system" {
  name = "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64"
}

data "aws_iam_policy_document" "assume" {
  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = ["ec2.amazonaws.com"]
    }
  }
}

data "aws_iam_policy_document" "machine" {
  statement {
    actions   = ["s3:ListBucket"]
    resources = [aws_s3_bucket.this.arn]
  }

  statement {
    actions   = ["s3:GetObject", "s3:PutObject", "s3:DeleteObject", "s3:AbortMultipartUpload"]
    resources = ["${aws_s3_bucket.this.arn}/*"]
  }

  statement {
    actions   = ["secretsmanager:GetSecretValue"]
    resources = [aws_secretsmanager_secret.this.arn]
  }

  statement {
    actions   = ["kms:Decrypt", "kms:GenerateDataKey"]
    resources = [aws_kms_key.this.arn]
  }
}

resource "aws_iam_role" "machine" {
  name               = "${var.name}-machine"
  assume_role_policy = data.aws_iam_policy_document.assume.json
}

resource "aws_iam_role_policy" "machine" {
  name   = "stores"
  role   = aws_iam_role.machine.id
  policy = data.aws_iam_policy_document.machine.json
}

# A shell on a machine without an open port, and images from the registry of the account.
resource "aws_iam_role_policy_attachment" "machine" {
  for_each   = toset(["AmazonSSMManagedInstanceCore", "AmazonEC2ContainerRegistryReadOnly"])
  role       = aws_iam_role.machine.name
  policy_arn = "arn:aws:iam::aws:policy/${each.key}"
}

resource "aws_iam_instance_profile" "machine" {
  name = "${var.name}-machine"
  role = aws_iam_role.machine.name
}

resource "aws_launch_template" "machine" {
  #checkov:skip=CKV_AWS_88:Machines need public addresses for media.
  #checkov:skip=CKV_AWS_341:The container has the machine's network, so one hop is enough; checkov counts none.
  name_prefix   = "${var.name}-"
  image_id      = data.aws_ssm_parameter.system.value
  instance_type = var.instance_type
  ebs_optimized = true

  user_data = base64encode(templatefile("${path.module}/machine.sh", {
    region     = var.region
    image      = var.image
    secret     = aws_secretsmanager_secret.this.arn
    folder     = aws_efs_file_system.this.id
    access     = aws_efs_access_point.this.id
    bucket     = aws_s3_bucket.this.id
    network    = aws_vpc.this.cidr_block
    stun       = var.stun
    first      = var.media_ports.first
    last       = var.media_ports.last
    memory_mb  = var.memory_mb
    http_port  = local.ports.http
    admin_port = local.ports.admin
    user       = local.user
  }))

  iam_instance_profile {
    arn = aws_iam_instance_profile.machine.arn
  }

  network_interfaces {
    associate_public_ip_address = true
    security_groups             = [aws_security_group.machine.id]
  }

  metadata_options {
    http_endpoint               = "enabled"
    http_tokens                 = "required"
    http_put_response_hop_limit = 1
  }

  block_device_mappings {
    device_name = "/dev/xvda"

    ebs {
      volume_size = 40
      volume_type = "gp3"
      encrypted   = true
    }
  }
}

resource "aws_autoscaling_group" "machine" {
  name                      = var.name
  min_size                  = var.machines.least
  max_size                  = var.machines.most
  vpc_zone_identifier       = aws_subnet.public[*].id
  target_group_arns         = [aws_lb_target_group.any.arn, aws_lb_target_group.places.arn]
  health_check_type         = "EC2"
  health_check_grace_period = 300

  launch_template {
    id      = aws_launch_template.machine.id
    version = aws_launch_template.machine.latest_version
  }

  # A new image takes the place of the old one machine after machine, each with time for what it runs.
  instance_refresh {
    strategy = "Rolling"

    preferences {
      min_healthy_percentage = 100
      max_healthy_percentage = 150
    }
  }

  # A machine that is taken away gets no requests any more, and its live analyses go on until this is over.
  initial_lifecycle_hook {
    name                 = "drain"
    lifecycle_transition = "autoscaling:EC2_INSTANCE_TERMINATING"
    heartbeat_timeout    = var.drain_s
    default_result       = "CONTINUE"
  }

  tag {
    key                 = "Name"
    value               = var.name
    propagate_at_launch = true
  }

  depends_on = [aws_efs_mount_target.this, aws_secretsmanager_secret_version.this]
}

resource "aws_autoscaling_policy" "processors" {
  name                      = "processors"
  autoscaling_group_name    = aws_autoscaling_group.machine.name
  policy_type               = "TargetTrackingScaling"
  estimated_instance_warmup = 120

  target_tracking_configuration {
    target_value = 60

    predefined_metric_specification {
      predefined_metric_type = "ASGAverageCPUUtilization"
    }
  }
}
