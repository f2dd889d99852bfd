/** What `dgm-bench text --help` prints. */
export const help = `Trains a character model on a text file and compares it with compressors.

  npm run bench -- text FILE [options]

  --model NAME          gru (default), lstm, transformer, wavenet
  --hidden INTEGER      hidden units, or features of the transformer (default 256)
  --length INTEGER      characters of a window (default 128)
  --epochs INTEGER      the most epochs; early stopping may end before (default 1000)
  --max-seconds NUMBER  the most seconds of training (default 120)
  --seed INTEGER        decides initial weights, order of the data and dropout (default 0)
  --engine NAME         compiled (default) or eager
  -h, --help            print this

The first 80 % of the text are for training, the next 10 % say when to stop, and the last 10 % are held out: on those
the model's bits per character stand beside those of gzip, brotli and xz, each alone and after the training text.`;
