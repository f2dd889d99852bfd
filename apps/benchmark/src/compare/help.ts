/** What `dgm-bench compare --help` prints. */
export const help = `Compares the models with the same ones in PyTorch, in one run, turn by turn.

  npm run bench -- compare [options]

What to compare
  --models NAMES       names with commas between, or "all" (default)
  --dataset NAME       glyphs (default), digits, mnist, fashion-mnist, cifar10
  --data-dir DIR       the folder of the data files; also DGM_DATA_DIR
  --batches NUMBERS    batch sizes; each model's own unless given
  --sweep              also batch sizes from 16 to 1024 and hidden layers of 64 to 2048 units, timed only
  --seed INTEGER       initial weights, order of the data and draws (default 0)

On what
  --threads NUMBERS    default 1 and the number of cores; the fastest counts, on both sides
  --engines NAMES      eager,compiled (default)
  --device NAME        of the eager engine: auto (default), tensorflow, wasm, cpu

How long
  --seconds NUMBER     of alternating windows of training steps, for each model and batch size (default 10)
  --max-seconds NUMBER the most seconds of each training (default 120)
  --quick              small networks, little data, 2 epochs: checks that everything works

Where to
  --out DIR            compare.json and compare.html (default out)
  -h, --help           print this

PyTorch runs in the first python3 on the path that has it, or in DGM_PYTHON.
The exit status is 0 if every row is complete, 1 if a number is missing, 2 for a wrong command line.`;
