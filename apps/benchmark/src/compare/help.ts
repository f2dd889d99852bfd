/** What `dgm-bench compare --help` prints. */
export const help = `Compares the models with the same ones in PyTorch, in one run, turn by turn.

  npm run bench -- compare [options]

What to compare
  --models NAMES       names with commas between, or "all" (default)
  --dataset NAME       glyphs (default), digits, mnist, binarized-mnist, fashion-mnist, cifar10
  --data-dir DIR       the folder of the data files; also DGM_DATA_DIR
  --batches NUMBERS    batch sizes; each model's own unless given
  --shard K/N          only the K-th of N parts of the models, for N machines; then merge
  --sweep              also batch sizes from 16 to 1024 and hidden layers of 64 to 2048 units, timed only
  --seeds INTEGERS     initial weights, order of the data and draws (default 0); each model is trained once with each,
                       and timed with the first

On what
  --threads NUMBERS    default 1 and the number of cores: one against one, and the fastest of each side
  --engines NAMES      eager,compiled (default); with a device: eager:tensorflow, eager:wasm, eager:cpu,
                       compiled:webgpu, compiled:cuda (against PyTorch on CUDA)

How long
  --seconds NUMBER     of alternating windows of training steps, for each model and batch size (default 3); 0: no times,
                       and one program of each side, with the first of --threads
  --max-seconds NUMBER the most seconds of the fastest program's training (default 5); the others, and all with the other
                       seeds, then take as many epochs; 0: no training
  --quick              small networks, little data, 2 epochs: checks that everything works

Where to
  --out DIR            compare.json and compare.html (default out)
  --resume             go on with the comparison that was interrupted in --out; what is finished is kept
  -h, --help           print this

PyTorch runs in the first python3 on the path that has it, or in DGM_PYTHON.
The exit status is 0 if nothing failed, 1 if a row has an error, 2 for a wrong command line.`;
