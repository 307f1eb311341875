// {{.Marker}}-sw
self.addEventListener("install", event => {
  event.waitUntil((async () => {
    const cache = await caches.open("{{.Marker}}-sw");
    await cache.put("/{{.Visit}}/{{.Marker}}-sw-kept", new Response("{{.Marker}}-sw"));
    await self.skipWaiting();
  })());
});
self.addEventListener("activate", event => event.waitUntil(self.clients.claim()));
