# Builds the seven images for both platforms from the one Dockerfile:
#   REGISTRY=registry.example.com/clientela VERSION=1.4.2 REVISION=$(git rev-parse HEAD) docker buildx bake --push
# On this machine, for its own platform only:
#   docker buildx bake --load --set '*.platform=' --set '*.attest='

variable "REGISTRY" {
  default = ""
}
variable "VERSION" {
  default = "dev"
}
variable "REVISION" {
  default = ""
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
    VERSION  = VERSION
    REVISION = REVISION
  }
  tags = [REGISTRY == "" ? "clientela-${program}:${VERSION}" : "${REGISTRY}/${program}:${VERSION}"]
}
