# Several daemons on machines of their own at AWS, without Kubernetes. docs/operations/kubernetes.md compares both ways.

terraform {
  required_version = ">= 1.9"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "~> 5.100"
    }
  }

  # The state has the passwords in it: keep it in a bucket that is encrypted and that few may read.
  backend "s3" {}
}

provider "aws" {
  region = var.region

  default_tags {
    tags = {
      Project = var.name
    }
  }
}
