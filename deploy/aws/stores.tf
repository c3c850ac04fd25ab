# What replicas share: the database, Redis, a folder, a bucket, and their secrets.

resource "aws_kms_key" "this" {
  #checkov:skip=CKV2_AWS_64:The policy that a key comes with leaves it to the account.
  description         = "Everything ${var.name} stores"
  enable_key_rotation = true
}

resource "aws_db_subnet_group" "this" {
  name       = var.name
  subnet_ids = aws_subnet.private[*].id
}

resource "aws_db_parameter_group" "this" {
  name   = "${var.name}-16"
  family = "postgres16"

  parameter {
    name  = "rds.force_ssl"
    value = "1"
  }

  parameter {
    name  = "log_min_duration_statement"
    value = "500"
  }

  parameter {
    name  = "log_statement"
    value = "ddl"
  }
}

resource "aws_db_instance" "this" {
  #checkov:skip=CKV_AWS_161:The daemon has a password, and no way to ask for another one every quarter of an hour.
  #checkov:skip=CKV_AWS_118:Prometheus watches the daemon; the minute of CloudWatch is enough for the machine of the database.
  #checkov:skip=CKV2_AWS_30:Statements of more than half a second are logged by the parameters.
  identifier                      = var.name
  engine                          = "postgres"
  engine_version                  = "16"
  instance_class                  = "db.t4g.medium"
  allocated_storage               = 50
  max_allocated_storage           = 500
  db_name                         = "kinemotion"
  username                        = "kinemotion"
  password                        = var.database_password
  db_subnet_group_name            = aws_db_subnet_group.this.name
  parameter_group_name            = aws_db_parameter_group.this.name
  vpc_security_group_ids          = [aws_security_group.store.id]
  multi_az                        = true
  storage_encrypted               = true
  kms_key_id                      = aws_kms_key.this.arn
  backup_retention_period         = 14
  copy_tags_to_snapshot           = true
  deletion_protection             = true
  auto_minor_version_upgrade      = true
  performance_insights_enabled    = true
  performance_insights_kms_key_id = aws_kms_key.this.arn
  enabled_cloudwatch_logs_exports = ["postgresql"]
  skip_final_snapshot             = false
  final_snapshot_identifier       = "${var.name}-last"
}

resource "aws_elasticache_subnet_group" "this" {
  name       = var.name
  subnet_ids = aws_subnet.private[*].id
}

resource "aws_elasticache_replication_group" "this" {
  replication_group_id       = var.name
  description                = "What replicas tell each other"
  engine                     = "redis"
  engine_version             = "7.1"
  node_type                  = "cache.t4g.small"
  num_cache_clusters         = 2
  automatic_failover_enabled = true
  multi_az_enabled           = true
  subnet_group_name          = aws_elasticache_subnet_group.this.name
  security_group_ids         = [aws_security_group.store.id]
  transit_encryption_enabled = true
  at_rest_encryption_enabled = true
  kms_key_id                 = aws_kms_key.this.arn
  auth_token                 = var.redis_password
}

resource "aws_efs_file_system" "this" {
  encrypted       = true
  kms_key_id      = aws_kms_key.this.arn
  throughput_mode = "elastic"
}

resource "aws_efs_mount_target" "this" {
  count           = length(aws_subnet.private)
  file_system_id  = aws_efs_file_system.this.id
  subnet_id       = aws_subnet.private[count.index].id
  security_groups = [aws_security_group.store.id]
}

# The folder belongs to the user of the image.
resource "aws_efs_access_point" "this" {
  file_system_id = aws_efs_file_system.this.id

  posix_user {
    uid = local.user
    gid = local.user
  }

  root_directory {
    path = "/kinemotion"

    creation_info {
      owner_uid   = local.user
      owner_gid   = local.user
      permissions = "0750"
    }
  }
}

resource "aws_s3_bucket" "this" {
  #checkov:skip=CKV_AWS_18:Who asks for a file is in the daemon's audit log; nobody else may ask.
  #checkov:skip=CKV_AWS_144:Recordings of one region stay there, as people may have been promised.
  #checkov:skip=CKV2_AWS_62:Nobody waits for objects; the daemon knows what it stores.
  #checkov:skip=CKV_AWS_21:What is erased has to be gone, so there are no versions.
  bucket_prefix = "${var.name}-recordings-"
}

resource "aws_s3_bucket_public_access_block" "this" {
  bucket                  = aws_s3_bucket.this.id
  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

resource "aws_s3_bucket_server_side_encryption_configuration" "this" {
  bucket = aws_s3_bucket.this.id

  rule {
    bucket_key_enabled = true

    apply_server_side_encryption_by_default {
      sse_algorithm     = "aws:kms"
      kms_master_key_id = aws_kms_key.this.arn
    }
  }
}

# Parts of uploads that were broken off cost money and can be seen by nobody.
resource "aws_s3_bucket_lifecycle_configuration" "this" {
  bucket = aws_s3_bucket.this.id

  rule {
    id     = "broken-off"
    status = "Enabled"

    filter {}

    abort_incomplete_multipart_upload {
      days_after_initiation = 2
    }
  }
}

resource "aws_secretsmanager_secret" "this" {
  #checkov:skip=CKV2_AWS_57:Passwords change with terraform apply and an instance refresh.
  name_prefix = "${var.name}-"
  kms_key_id  = aws_kms_key.this.arn
}

# Settings that are secret, by their variables: machines read them when they start.
resource "aws_secretsmanager_secret_version" "this" {
  secret_id = aws_secretsmanager_secret.this.id
  secret_string = jsonencode({
    KINEMOTION_SERVE__STORAGE__DATABASE    = "postgres://kinemotion:${var.database_password}@${aws_db_instance.this.endpoint}/kinemotion?sslmode=require"
    KINEMOTION_SERVE__CLUSTER__REDIS       = "rediss://:${var.redis_password}@${aws_elasticache_replication_group.this.primary_endpoint_address}:6379/0"
    KINEMOTION_SERVE__AUTH__SESSION_SECRET = var.session_secret
    KINEMOTION_SERVE__AUTH__TOKENS         = jsonencode([var.operator_token])
    KINEMOTION_SERVE__WEBRTC__TURN         = jsonencode(var.turn)
  })
}
