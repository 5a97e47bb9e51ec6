FROM node:24-bookworm-slim AS build
WORKDIR /chorus
COPY package.json package-lock.json .npmrc ./
RUN npm ci
COPY . .
RUN npm run build && npm prune --omit=dev

FROM node:24-bookworm-slim
WORKDIR /chorus
ENV NODE_ENV=production BIND=0.0.0.0
COPY --from=build /chorus/node_modules node_modules
COPY --from=build /chorus/dist dist
COPY --from=build /chorus/package.json ./
COPY --from=build /chorus/models/recommender models/recommender
RUN mkdir .chorus && chown node:node .chorus
USER node
EXPOSE 8000 8001 8002 8003
CMD ["node", "--enable-source-maps", "dist/main.js"]
