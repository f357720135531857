# Makes contrasts.json beside this script: the multivariate t over correlations without product form, for study/stat.
# Run with R 4 and the package mvtnorm (made with 4.2.2 and 1.1-3): Rscript contrasts.R
# Each family has an answer that knows nothing of the others:
#   pairs   P(range of n means <= c sqrt(2) s), R's own ptukey
#   ladder  P(each two neighbours of n means within c sqrt(2) s), one mean after another, by Gauss-Legendre nodes
#   else    mvtnorm's pmvt, Genz and Bretz's lattice rule, to 5e-5 or what it says of its error
library(mvtnorm)
set.seed(20261130)

correlation <- function(contrasts) cov2cor(contrasts %*% t(contrasts))
pairs <- function(n) { # the differences of all pairs of n arms
  rows <- list()
  for (i in 2:n) for (j in 1:(i - 1)) { r <- numeric(n); r[i] <- 1; r[j] <- -1; rows[[length(rows) + 1]] <- r }
  do.call(rbind, rows)
}
ladder <- function(n) { r <- matrix(0, n - 1, n); for (i in 1:(n - 1)) r[i, i:(i + 1)] <- c(-1, 1); r }
interactions <- function(f) { # arms: base, f single, f(f-1)/2 double; ab - a - b + base of each pair
  rows <- list(); at <- f + 1
  for (i in 2:f) for (j in 1:(i - 1)) {
    at <- at + 1
    r <- numeric(1 + f + f * (f - 1) / 2); r[1] <- 1; r[i + 1] <- -1; r[j + 1] <- -1; r[at] <- 1
    rows[[length(rows) + 1]] <- r
  }
  do.call(rbind, rows)
}

legendre <- function(n, lo, hi) { # Golub and Welsch
  b <- (1:(n - 1)) / sqrt(4 * (1:(n - 1))^2 - 1)
  m <- matrix(0, n, n); m[cbind(1:(n - 1), 2:n)] <- b; m[cbind(2:n, 1:(n - 1))] <- b
  e <- eigen(m, symmetric = TRUE)
  list(x = (lo + hi) / 2 + (hi - lo) / 2 * e$values, w = (hi - lo) * e$vectors[1, ]^2)
}
# P of a walk y1 .. yn of independent normal means with |y_i - y_(i+1)| <= h: the density of y_i cut off at its window,
# each window with nodes of its own so that the edges cost nothing.
walk <- function(n, h) {
  g <- legendre(160, -8, 8)
  inner <- legendre(60, 0, 1)
  f <- splinefun(g$x, rep(1, 160)) # chance that the rest of the walk holds, given y
  for (i in 2:n) {
    value <- sapply(g$x, function(y) {
      lo <- max(-8, y - h); hi <- min(8, y + h)
      if (hi <= lo) return(0)
      x <- lo + (hi - lo) * inner$x
      sum((hi - lo) * inner$w * dnorm(x) * f(x))
    })
    f <- splinefun(g$x, value)
  }
  sum(g$w * dnorm(g$x) * f(g$x))
}
scaled <- function(p, c, df) { # over the estimated scale
  if (is.infinite(df)) return(p(c))
  s <- legendre(48, sqrt(qchisq(1e-12, df) / df), sqrt(qchisq(1 - 1e-12, df) / df))
  sum(s$w * 2 * df * s$x * dchisq(df * s$x^2, df) * sapply(s$x, function(s) p(c * s)))
}
genz <- function(r, lower, upper, df, eps) {
  p <- pmvt(lower = lower, upper = upper, df = if (is.infinite(df)) 0 else df, corr = r,
            algorithm = GenzBretz(maxpts = 2e6, abseps = eps, releps = 0))
  c(p, attr(p, "error"))
}

num <- function(x) ifelse(is.infinite(x), "-1", sprintf("%.10g", x))
list_of <- function(x) paste0("[", paste(x, collapse = ", "), "]")
matrix_of <- function(m) list_of(apply(m, 1, function(r) list_of(num(r))))

out <- c()
add <- function(name, r, cs, dfs, p) {
  at <- c()
  for (df in dfs) for (c in cs) {
    v <- p(c, df)
    at <- c(at, sprintf('{"c": %s, "df": %s, "p": %s, "error": %s}', num(c), num(df), num(v[1]), num(if (length(v) > 1) v[2] else 0)))
  }
  out <<- c(out, sprintf('{"name": "%s", "cov": %s,\n  "at": %s}', name, matrix_of(r), list_of(at)))
  cat(name, "\n")
}
for (n in c(4, 7, 11, 15)) {
  add(paste("pairs of", n), correlation(pairs(n)), c(2.2, 3, 3.5), c(5, 24, Inf), function(c, df) ptukey(c * sqrt(2), n, df))
}
for (n in c(4, 7, 16, 51)) {
  add(paste("ladder of", n), correlation(ladder(n)), c(2, 2.7, 3.3), if (n < 50) c(5, 24, Inf) else Inf,
      function(c, df) scaled(function(c) walk(n, c * sqrt(2)), c, df))
}
for (f in c(4, 6)) {
  r <- correlation(interactions(f)); k <- nrow(r)
  add(paste("interactions of", f), r, c(2.2, 3), c(12, Inf), function(c, df) genz(r, rep(-c, k), rep(c, k), df, 5e-5))
}
for (k in c(3, 8, 20)) {
  x <- matrix(rnorm(k * (k + 2)), k); r <- cov2cor(x %*% t(x))
  add(paste("general", k), r, c(2, 2.8), c(5, 30), function(c, df) genz(r, rep(-c, k), rep(c, k), df, 5e-5))
}
x <- matrix(rnorm(7 * 3), 7); r <- cov2cor(x %*% t(x)) # 7 contrasts of rank 3
add("rank 3 of 7", r, c(1.8, 2.6), c(6, Inf), function(c, df) genz(r, rep(-c, 7), rep(c, 7), df, 5e-5))

# The least chance that each of k comparisons keeps one bound, over the sides it may be on.
sides <- c()
for (case in list(list("pairs of 4", correlation(pairs(4))), list("ladder of 6", correlation(ladder(6))),
                  list("interactions of 4", correlation(interactions(4))))) {
  r <- case[[2]]; k <- nrow(r)
  for (df in c(12, Inf)) for (c in c(2.0, 2.7)) {
    least <- 1
    for (bits in 0:(2^(k - 1) - 1)) {
      s <- ifelse(bitwAnd(bits, 2^(0:(k - 1))) > 0, -1, 1)
      least <- min(least, genz(r * outer(s, s), rep(-Inf, k), rep(c, k), df, 1e-4)[1])
    }
    sides <- c(sides, sprintf('{"name": "%s", "cov": %s, "c": %s, "df": %s, "p": %s}', case[[1]], matrix_of(r), num(c), num(df), num(least)))
  }
  cat("sides of", case[[1]], "\n")
}
writeLines(sprintf('{"families": [\n%s\n],\n"sides": [\n%s\n]}', paste(out, collapse = ",\n"), paste(sides, collapse = ",\n")), "contrasts.json")
