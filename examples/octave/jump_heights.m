function heights = jump_heights(file)
% JUMP_HEIGHTS  Height of every jump in a .mat file of kinemotion, in metres, from its flight time.
%
%   heights = jump_heights('jumps.mat') takes T from the events of each repetition, computes g*T^2/8 (Asmussen and
%   Bonde-Petersen 1974), and compares it with the height in the file. It fails where the two differ by more than the
%   rounding of numbers. A jump whose height was withheld is NaN.
%
%   The file may be of `kinemotion analyze -o jumps.mat` or of a daemon (results.mat). Runs in Octave and in MATLAB.

  g = 9.80665;          % standard gravity, m/s^2, as in docs/metrics.md
  rounding = 1e-9;      % metres: doubles on their way through a division and a square

  results = load(file);
  heights = nan(1, numel(results.repetitions));
  fprintf('repetition  flight time  height           in the file\n');
  for n = 1:numel(results.repetitions)
    repetition = results.repetitions(n);
    % Other movements have no such number, and a withheld one is NaN.
    if ~isfield(repetition.metrics, 'jump_height_m') || isnan(repetition.metrics.jump_height_m)
      continue
    end
    flight_s = repetition.events.landing_s - repetition.events.takeoff_s;
    heights(n) = g * flight_s^2 / 8;
    in_file = repetition.metrics.jump_height_m;
    fprintf('%10d  %8.1f ms  %.3f +- %.3f m  %.3f m\n', ...
            n, 1000 * flight_s, heights(n), repetition.uncertainty.jump_height_m, in_file);
    if abs(heights(n) - in_file) > rounding
      error('repetition %d: %.9f m from the flight time, %.9f m in the file', n, heights(n), in_file);
    end
  end
end
