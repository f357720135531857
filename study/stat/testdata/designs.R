# Makes designs.json beside this script: contrasts of designs by least squares on arms and blocks, with simultaneous intervals.
# Run with R 4 and the package mvtnorm (made with 4.2.2 and 1.1-3): Rscript designs.R
# Effects, standard errors and degrees of freedom are lm's; the critical value is the root of pmvt over the contrasts'
# correlation at 95 %, to about 1e-3, or of a plain integral where nothing correlates. y has a row an arm and a column a block, null where a trial is missing.
library(mvtnorm)
set.seed(20261201)

out <- c()
num <- function(x) ifelse(is.na(x), "null", sprintf("%.10g", x))
vec <- function(x) paste0("[", paste(num(x), collapse = ", "), "]")
mat <- function(m) paste0("[", paste(apply(m, 1, vec), collapse = ", "), "]")
words <- function(x) paste0("[", paste0('"', x, '"', collapse = ", "), "]")

# weights: a row a contrast, a column an arm, rows summing to 0
design <- function(name, arms, truth, blocks, contrasts, weights, missing = NULL) {
  k <- length(arms); truth <- as.vector(truth)
  y <- round(outer(truth, rep(0, blocks), "+") + rep(rnorm(blocks, 0, 0.4), each = k) + matrix(rnorm(k * blocks, 0, 0.3), k), 3)
  for (m in missing) y[m[1], m[2]] <- NA
  d <- data.frame(y = as.vector(y), arm = factor(rep(1:k, blocks)), block = factor(rep(1:blocks, each = k)))
  fit <- lm(y ~ arm + block, d)
  mu <- coef(fit)[2:k]; v <- vcov(fit)[2:k, 2:k] # of arms less the first
  w <- weights[, -1, drop = FALSE]
  effect <- as.vector(w %*% mu); cov <- w %*% v %*% t(w); se <- sqrt(diag(cov)); df <- fit$df.residual
  r <- cov2cor(cov); n <- nrow(r)
  miss <- function(c) {
    if (max(abs(r - diag(n))) < 1e-9) { # nothing correlates: an integral over the scale alone
      f <- function(s) (2 * pnorm(c * s) - 1)^n * 2 * df * s * dchisq(df * s^2, df)
      return(integrate(f, 0, Inf, rel.tol = 1e-10)$value - 0.95)
    }
    set.seed(7)
    pmvt(lower = rep(-c, n), upper = rep(c, n), df = df, corr = r, algorithm = GenzBretz(maxpts = 2e5, abseps = 2e-5, releps = 0)) - 0.95
  }
  c <- if (n == 1) qt(0.975, df) else uniroot(miss, c(1.9, 6), tol = 1e-5)$root
  out <<- c(out, sprintf('{"name": "%s", "arms": %s, "contrasts": %s,\n "y": %s,\n "weights": %s,\n "effect": %s, "se": %s, "df": %d, "sd": %s, "critical": %s,\n "low": %s, "high": %s}',
    name, words(arms), words(contrasts), mat(y), mat(weights), vec(effect), vec(se), df, num(summary(fit)$sigma), num(c), vec(effect - c * se), vec(effect + c * se)))
  cat(name, c, "\n")
}

steps <- function(n) { w <- matrix(0, n - 1, n); for (i in 1:(n - 1)) w[i, i:(i + 1)] <- c(-1, 1); w }
ladder <- c("baseline", "a", "a+b", "a+b+c", "a+b+c+d")
design("ladder", ladder, c(90, 90.8, 90.8, 91.5, 91.2), 4, c("a", "b", "c", "d"), steps(5))
design("ladder with missing trials", ladder, c(90, 90.8, 90.8, 91.5, 91.2), 4, c("a", "b", "c", "d"), steps(5), list(c(2, 1), c(4, 3)))

# 2^(4-1), d = abc, resolution IV: the eight runs with an even number of the four
runs <- as.matrix(expand.grid(a = 0:1, b = 0:1, c = 0:1)); runs <- cbind(runs, d = rowSums(runs) %% 2)
arms <- apply(runs, 1, function(x) if (sum(x) == 0) "baseline" else paste(c("a", "b", "c", "d")[x == 1], collapse = "+"))
mains <- t(2 * runs - 1) / 4
design("fraction 2^(4-1)", arms, 90 + runs %*% c(0.8, 0, -0.6, 0.1) + 0.5 * runs[, 1] * runs[, 2], 3, c("a", "b", "c", "d"), mains)
design("fraction 2^(4-1) with a missing trial", arms, 90 + runs %*% c(0.8, 0, -0.6, 0.1), 3, c("a", "b", "c", "d"), mains, list(c(4, 2)))
s <- 2 * runs - 1
design("its interactions, each with its alias", arms, 90 + runs %*% c(0.8, 0, -0.6, 0.1) + 0.5 * runs[, 1] * runs[, 2], 3,
       c("a x b or c x d", "a x c or b x d", "b x c or a x d"), rbind(s[, 1] * s[, 2], s[, 1] * s[, 3], s[, 2] * s[, 3]) / 2)

four <- c("baseline", "a", "b", "a+b")
design("interaction of one pair", four, c(90, 90.5, 90.7, 92), 5, "a x b", matrix(c(1, -1, -1, 1), 1))
design("interactions of three pairs", c("baseline", "a", "b", "c", "a+b", "a+c", "b+c"), c(90, 90.5, 90.7, 89.8, 92, 90.3, 90.5), 4,
       c("a x b", "a x c", "b x c"), rbind(c(1, -1, -1, 0, 1, 0, 0), c(1, -1, 0, -1, 0, 1, 0), c(1, 0, -1, -1, 0, 0, 1)))
# deficit: what the single effects add up to less what all bring together
design("deficit of three", c("baseline", "a", "b", "c", "a+b+c"), c(90, 91, 90.8, 90.4, 91.2), 4, "deficit", matrix(c(-2, 1, 1, 1, -1), 1))
design("left out one at a time", c("baseline", "full", "without a", "without b", "without c"), c(90, 92, 91, 91.9, 91.4), 4, c("a", "b", "c"),
       rbind(c(0, 1, -1, 0, 0), c(0, 1, 0, -1, 0), c(0, 1, 0, 0, -1)))
writeLines(paste0("[\n", paste(out, collapse = ",\n"), "\n]"), "designs.json")
