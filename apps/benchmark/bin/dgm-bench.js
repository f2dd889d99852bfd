#!/usr/bin/env node
// A file of its own, so that the link to it can be made before anything is built.
import '../dist/cli.js';
