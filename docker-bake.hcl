# Builds the seven images for both platforms from the one Dockerfile:
#   REGISTRY=registry.example.com/clientela VERSION=1.4.2 REVISION=$(git rev-parse HEAD) docker buildx bake --push
# On this machine, for its own platform only:
#   docker buildx bake --load --set '*.platform=' --set '*.attest='

variable "REGISTRY" {
  default = ""
}
variable "BASE" {
  default = "node:24-bookworm-slim"
}
variable "VERSION" {
  default = "dev"
}
variable "REVISION" {
  default = ""
}

# The version and the commit name one build for ever. A release, such as 1.4.2, also moves 1.4, 1 and latest.
function "tags" {
  params = [image]
  result = [for tag in concat(
    [VERSION],
    REVISION == "" ? [] : [REVISION],
    can(regex("^[0-9]+\\.[0-9]+\\.[0-9]+$", VERSION)) ? [
      regex_replace(VERSION, "\\.[0-9]+$", ""),
      regex_replace(VERSION, "\\..*$", ""),
      "latest",
    ] : [],
  ) : "${image}:${tag}"]
}

group "default" {
  targets = ["image"]
}

target "image" {
  name = program
  matrix = {
    program = ["gateway", "auth", "customer", "interaction", "product", "favorites", "fleet"]
  }
  context   = "."
  platforms = ["linux/amd64", "linux/arm64"]
  attest    = ["type=sbom", "type=provenance,mode=max"]
  args = {
    PACKAGE  = program == "gateway" ? "gateway" : program == "fleet" ? "packages/fleet" : "services/${program}"
    PORT     = lookup({ auth = "8001", customer = "8002", interaction = "8003", product = "8004", favorites = "8005" }, program, "8080")
    BASE     = BASE
    VERSION  = VERSION
    REVISION = REVISION
  }
  tags = tags(REGISTRY == "" ? "clientela-${program}" : "${REGISTRY}/${program}")
}
