# The zones of this account in which a cluster may lie; those of AWS' edge locations are not for us.
data "aws_availability_zones" "this" {
  count = length(var.zones) == 0 ? 1 : 0

  exclude_zone_ids = var.unsupported_zone_ids

  filter {
    name   = "zone-type"
    values = ["availability-zone"]
  }
}

locals {
  found     = sort(flatten(data.aws_availability_zones.this[*].names))
  all_zones = length(var.zones) > 0 ? var.zones : slice(local.found, 0, min(var.zone_count, length(local.found)))

  # Place of a zone in the list: it decides the zone's addresses.
  zones = { for place, zone in local.all_zones : zone => place }

  # The lower half of the range is for pods and jobs, four big subnets; of the upper half, a quarter each is for what
  # faces the internet and for databases. The last quarter of the whole range stays free.
  private_cidrs  = { for zone, place in local.zones : zone => cidrsubnet(var.cidr, 3, place) }
  public_cidrs   = { for zone, place in local.zones : zone => cidrsubnet(var.cidr, 5, 16 + place) }
  database_cidrs = { for zone, place in local.zones : zone => cidrsubnet(var.cidr, 5, 20 + place) }

  for_cluster = var.cluster_name == null ? {} : { "karpenter.sh/discovery" = var.cluster_name }
  of_cluster  = var.cluster_name == null ? {} : { "kubernetes.io/cluster/${var.cluster_name}" = "shared" }
  for_inside  = var.cluster_name == null ? {} : merge(local.of_cluster, { "kubernetes.io/role/internal-elb" = "1" })
  for_outside = var.cluster_name == null ? {} : merge(local.of_cluster, { "kubernetes.io/role/elb" = "1" })
}

resource "aws_vpc" "this" {
  cidr_block           = var.cidr
  enable_dns_hostnames = true
  enable_dns_support   = true
  tags                 = merge(var.tags, { Name = var.name })
}

# Whatever is started without a security group of its own gets this one, which lets nothing in or out.
resource "aws_default_security_group" "this" {
  vpc_id = aws_vpc.this.id
  tags   = merge(var.tags, { Name = "${var.name}-default" })
}

resource "aws_subnet" "private" {
  for_each = local.zones

  vpc_id            = aws_vpc.this.id
  availability_zone = each.key
  cidr_block        = local.private_cidrs[each.key]
  tags              = merge(var.tags, local.for_cluster, local.for_inside, { Name = "${var.name}-private-${each.key}" })
}

# Load balancers and NAT gateways bring their own addresses; nothing else gets a public one by itself.
resource "aws_subnet" "public" {
  for_each = local.zones

  vpc_id                  = aws_vpc.this.id
  availability_zone       = each.key
  cidr_block              = local.public_cidrs[each.key]
  map_public_ip_on_launch = false
  tags                    = merge(var.tags, local.for_outside, { Name = "${var.name}-public-${each.key}" })
}

resource "aws_subnet" "database" {
  for_each = local.zones

  vpc_id            = aws_vpc.this.id
  availability_zone = each.key
  cidr_block        = local.database_cidrs[each.key]
  tags              = merge(var.tags, { Name = "${var.name}-database-${each.key}" })
}
