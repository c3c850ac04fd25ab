# Signalling, the API and the studio. Media does not come through here.

resource "aws_lb" "this" {
  #checkov:skip=CKV_AWS_91:Requests are in the daemon's log and metrics.
  #checkov:skip=CKV2_AWS_28:The daemon limits requests of an address itself (limits.address_per_s).
  #checkov:skip=CKV2_AWS_20:Port 80 is not open, so there is nothing to lead elsewhere.
  name                       = var.name
  load_balancer_type         = "application"
  subnets                    = aws_subnet.public[*].id
  security_groups            = [aws_security_group.balancer.id]
  drop_invalid_header_fields = true
  enable_deletion_protection = true
  # Streams of events are quiet while nobody moves.
  idle_timeout = 3600
}

# Replicas that take new analyses. When there is none the balancer asks any, and the answer says why not.
resource "aws_lb_target_group" "places" {
  #checkov:skip=CKV_AWS_378:Behind the balancer it is the inner network.
  name                 = "${var.name}-places"
  vpc_id               = aws_vpc.this.id
  port                 = local.ports.http
  protocol             = "HTTP"
  deregistration_delay = 30

  health_check {
    port                = local.ports.admin
    path                = "/readyz"
    interval            = 5
    timeout             = 4
    healthy_threshold   = 2
    unhealthy_threshold = 2
  }
}

# Everything else goes to any replica, as each answers for all.
resource "aws_lb_target_group" "any" {
  #checkov:skip=CKV_AWS_378:Behind the balancer it is the inner network.
  name                 = "${var.name}-any"
  vpc_id               = aws_vpc.this.id
  port                 = local.ports.http
  protocol             = "HTTP"
  deregistration_delay = var.drain_s

  health_check {
    port                = local.ports.admin
    path                = "/livez"
    interval            = 10
    timeout             = 5
    healthy_threshold   = 2
    unhealthy_threshold = 6
  }
}

resource "aws_lb_listener" "https" {
  load_balancer_arn = aws_lb.this.arn
  port              = 443
  protocol          = "HTTPS"
  ssl_policy        = "ELBSecurityPolicy-TLS13-1-2-2021-06"
  certificate_arn   = var.certificate_arn

  default_action {
    type             = "forward"
    target_group_arn = aws_lb_target_group.any.arn
  }
}

resource "aws_lb_listener_rule" "places" {
  listener_arn = aws_lb_listener.https.arn
  priority     = 10

  condition {
    http_request_method {
      values = ["POST"]
    }
  }

  condition {
    path_pattern {
      values = ["/whip", "/api/v1/analyses"]
    }
  }

  action {
    type             = "forward"
    target_group_arn = aws_lb_target_group.places.arn
  }
}
