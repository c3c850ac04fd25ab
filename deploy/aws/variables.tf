variable "name" {
  description = "What everything is called."
  type        = string
  default     = "kinemotion"

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{1,20}$", var.name))
    error_message = "name has 2 to 21 characters: small letters, digits and hyphens, a letter first."
  }
}

variable "region" {
  description = "Region of AWS."
  type        = string
  default     = "eu-central-1"
}

variable "zones" {
  description = "Two zones of the region, by their letters."
  type        = list(string)
  default     = ["a", "b"]

  validation {
    condition     = length(var.zones) == 2
    error_message = "zones are two."
  }
}

variable "image" {
  description = "The container image, by its digest: registry/name@sha256:..."
  type        = string

  validation {
    condition     = can(regex("@sha256:[0-9a-f]{64}$", var.image))
    error_message = "image needs a digest, so that all machines run the same."
  }
}

variable "certificate_arn" {
  description = "Certificate of the host name, in the certificate manager of the region."
  type        = string
}

variable "instance_type" {
  description = "Kind of machine; docs/operations/ says how many streams a processor carries."
  type        = string
  default     = "c7i.2xlarge"
}

variable "memory_mb" {
  description = "What a daemon may use before it takes nothing new, MB: what the machine has, less one batch process (4096) and the system."
  type        = number
  default     = 8192
}

variable "machines" {
  description = "How many machines there are at least and at most."
  type = object({
    least = number
    most  = number
  })
  default = {
    least = 2
    most  = 6
  }

  validation {
    condition     = var.machines.least >= 2 && var.machines.most >= var.machines.least
    error_message = "machines.least is 2 or more, as one may be lost, and machines.most is not less."
  }
}

variable "media_ports" {
  description = "Where ICE listens, UDP and TCP."
  type = object({
    first = number
    last  = number
  })
  default = {
    first = 40000
    last  = 40999
  }
}

variable "drain_s" {
  description = "How long a machine that is taken away may go on with its live analyses, seconds."
  type        = number
  default     = 600

  validation {
    condition     = var.drain_s >= 30 && var.drain_s <= 3600
    error_message = "drain_s is 30 to 3600."
  }
}

variable "stun" {
  description = "A STUN server: from it a machine learns its public address."
  type        = string

  validation {
    condition     = startswith(var.stun, "stun://")
    error_message = "stun begins with stun://."
  }
}

variable "turn" {
  description = "TURN servers for those who reach no UDP port: turn://user:password@host:3478."
  type        = list(string)
  default     = []
  sensitive   = true
}

variable "database_password" {
  description = "Password of the database: 16 or more letters and digits, as it stands in an address."
  type        = string
  sensitive   = true

  validation {
    condition     = can(regex("^[A-Za-z0-9]{16,}$", var.database_password))
    error_message = "database_password is 16 or more letters and digits."
  }
}

variable "redis_password" {
  description = "Password of Redis: 16 or more letters and digits, as it stands in an address."
  type        = string
  sensitive   = true

  validation {
    condition     = can(regex("^[A-Za-z0-9]{16,}$", var.redis_password))
    error_message = "redis_password is 16 or more letters and digits."
  }
}

variable "session_secret" {
  description = "What signs short-lived tokens (auth.session_secret)."
  type        = string
  sensitive   = true

  validation {
    condition     = length(var.session_secret) >= 32
    error_message = "session_secret has 32 characters or more."
  }
}

variable "operator_token" {
  description = "The token that makes the first keys (auth.tokens)."
  type        = string
  sensitive   = true

  validation {
    condition     = can(regex("^[A-Za-z0-9_-]{24,}$", var.operator_token))
    error_message = "operator_token is 24 or more letters, digits, hyphens and underscores."
  }
}

variable "monitoring_cidrs" {
  description = "Networks from which Prometheus asks the admin listener."
  type        = list(string)
  default     = []
}
