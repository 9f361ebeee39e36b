// Loaded into the Firebase tools before they start, to mend how the Functions emulator talks to its workers.
"use strict";

const http = require("node:http");
const portfinder = require("portfinder");

// A worker closes a connection it has not heard from for two seconds; a request sent at that moment would be lost.
http.globalAgent = new http.Agent({ keepAlive: false });

// A worker binds its port only a second after the port was found to be free. Workers that start at the same time
// could be given the same one, and then requests reach the wrong function: give each port once.
const findFree = portfinder.getPortPromise;
let last = Promise.resolve(0);
portfinder.getPortPromise = ({ port }) => {
  last = last.then((given) => findFree({ port: given === 0 ? port : given + 1 }));
  return last;
};
