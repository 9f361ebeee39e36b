// Prints where the Firebase tools put the archive that they would upload: node package.cjs FIREBASE_TOOLS SOURCE CONFIG
"use strict";

const [firebaseTools, source, config] = process.argv.slice(2);
const { prepareFunctionsUpload } = require(`${firebaseTools}/lib/deploy/functions/prepareFunctionsUpload`);

prepareFunctionsUpload(source, source, require(config).functions, []).then(({ pathToSource }) => {
  console.log(pathToSource);
});
