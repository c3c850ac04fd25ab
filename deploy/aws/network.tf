# Machines have public addresses, as media goes straight to them; what they share is in subnets without a way out.

locals {
  zones = [for zone in var.zones : "${var.region}${zone}"]
}

resource "aws_vpc" "this" {
  #checkov:skip=CKV2_AWS_11:Flow logs cost more than the machines where media flows; turn them on while something is looked for.
  cidr_block           = "10.40.0.0/16"
  enable_dns_hostnames = true
}

# Nobody uses what comes with a network, so that nothing is open by accident.
resource "aws_default_security_group" "none" {
  vpc_id = aws_vpc.this.id
}

resource "aws_internet_gateway" "this" {
  vpc_id = aws_vpc.this.id
}

resource "aws_subnet" "public" {
  #checkov:skip=CKV_AWS_130:Machines need public addresses for media.
  count                   = length(local.zones)
  vpc_id                  = aws_vpc.this.id
  availability_zone       = local.zones[count.index]
  cidr_block              = cidrsubnet(aws_vpc.this.cidr_block, 8, count.index)
  map_public_ip_on_launch = true
}

resource "aws_subnet" "private" {
  count             = length(local.zones)
  vpc_id            = aws_vpc.this.id
  availability_zone = local.zones[count.index]
  cidr_block        = cidrsubnet(aws_vpc.this.cidr_block, 8, 100 + count.index)
}

resource "aws_route_table" "public" {
  vpc_id = aws_vpc.this.id

  route {
    cidr_block = "0.0.0.0/0"
    gateway_id = aws_internet_gateway.this.id
  }
}

resource "aws_route_table_association" "public" {
  count          = length(aws_subnet.public)
  subnet_id      = aws_subnet.public[count.index].id
  route_table_id = aws_route_table.public.id
}

resource "aws_security_group" "balancer" {
  name        = "${var.name}-balancer"
  description = "Clients reach the load balancer."
  vpc_id      = aws_vpc.this.id
}

resource "aws_security_group" "machine" {
  #checkov:skip=CKV2_AWS_5:The launch template has it.
  name        = "${var.name}-machine"
  description = "The load balancer reaches machines, machines each other, and anybody their media."
  vpc_id      = aws_vpc.this.id
}

resource "aws_security_group" "store" {
  name        = "${var.name}-store"
  description = "Machines reach the database, Redis and the shared folder."
  vpc_id      = aws_vpc.this.id
}

resource "aws_vpc_security_group_ingress_rule" "clients" {
  security_group_id = aws_security_group.balancer.id
  description       = "The studio, the API and signalling"
  cidr_ipv4         = "0.0.0.0/0"
  ip_protocol       = "tcp"
  from_port         = 443
  to_port           = 443
}

resource "aws_vpc_security_group_egress_rule" "balancer" {
  for_each                     = local.ports
  security_group_id            = aws_security_group.balancer.id
  description                  = "To machines, ${each.key}"
  referenced_security_group_id = aws_security_group.machine.id
  ip_protocol                  = "tcp"
  from_port                    = each.value
  to_port                      = each.value
}

resource "aws_vpc_security_group_ingress_rule" "balancer" {
  for_each                     = local.ports
  security_group_id            = aws_security_group.machine.id
  description                  = "From the load balancer, ${each.key}"
  referenced_security_group_id = aws_security_group.balancer.id
  ip_protocol                  = "tcp"
  from_port                    = each.value
  to_port                      = each.value
}

resource "aws_vpc_security_group_ingress_rule" "replicas" {
  security_group_id            = aws_security_group.machine.id
  description                  = "From other replicas"
  referenced_security_group_id = aws_security_group.machine.id
  ip_protocol                  = "tcp"
  from_port                    = local.ports.http
  to_port                      = local.ports.http
}

resource "aws_vpc_security_group_ingress_rule" "monitoring" {
  for_each          = toset(var.monitoring_cidrs)
  security_group_id = aws_security_group.machine.id
  description       = "From Prometheus"
  cidr_ipv4         = each.value
  ip_protocol       = "tcp"
  from_port         = local.ports.admin
  to_port           = local.ports.admin
}

resource "aws_vpc_security_group_ingress_rule" "media" {
  for_each          = toset(["udp", "tcp"])
  security_group_id = aws_security_group.machine.id
  description       = "Media, ${each.key}"
  cidr_ipv4         = "0.0.0.0/0"
  ip_protocol       = each.key
  from_port         = var.media_ports.first
  to_port           = var.media_ports.last
}

resource "aws_vpc_security_group_egress_rule" "machine" {
  security_group_id = aws_security_group.machine.id
  description       = "Media to anybody; webhooks, buckets, images"
  cidr_ipv4         = "0.0.0.0/0"
  ip_protocol       = "-1"
}

resource "aws_vpc_security_group_ingress_rule" "store" {
  for_each                     = { postgres = 5432, redis = 6379, nfs = 2049 }
  security_group_id            = aws_security_group.store.id
  description                  = "From machines, ${each.key}"
  referenced_security_group_id = aws_security_group.machine.id
  ip_protocol                  = "tcp"
  from_port                    = each.value
  to_port                      = each.value
}
