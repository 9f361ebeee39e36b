// Loaded into the Firebase tools before they start, to mend how the Functions emulator talks to its workers, and how
// long the Auth emulator takes to start.
"use strict";

const http = require("node:http");
const portfinder = require("portfinder");

// A worker closes a connection it has not heard from for two seconds; a request sent at that moment would be lost.
http.globalAgent = new http.Agent({ keepAlive: false });

// A worker binds its port only a second after the port was found to be free. Workers that start at the same time
// could be given the same one, and then requests reach the wrong function: give each port once, and only ports that no
// other suite gives.
const findFree = portfinder.getPortPromise;
let last = Promise.resolve(Number(process.env.FIRST_WORKER_PORT) - 1);
portfinder.getPortPromise = () => {
  last = last.then((given) => findFree({ port: given + 1 }));
  return last;
};

// The Auth emulator makes a validator for everything that anybody might ask of it before it answers anybody: most of
// the time until the emulators are ready. Make each when it is first asked for.
const exegesisExpress = require("exegesis-express");
const { middleware } = exegesisExpress;
exegesisExpress.middleware = (api, options) => middleware(api, { ...options, lazyCompileValidationSchemas: true });
