output "balancer" {
  description = "Where the host name of the certificate has to lead (CNAME)."
  value       = aws_lb.this.dns_name
}

output "bucket" {
  description = "Where files of ended analyses are."
  value       = aws_s3_bucket.this.id
}
